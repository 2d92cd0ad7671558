/** Moving an alias to a version. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef } from "react";
import { ask } from "../graphql";
import { useSession } from "../session";
import { ALIAS, type Group, nameOf, type Version } from "./data";

export function MoveAlias({ group, version }: { group: Group; version: Version }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const session = useSession();
  const client = useQueryClient();
  const move = useMutation({
    mutationFn: (alias: string) => {
      const held = group.aliases.find(({ name }) => name === alias)?.version ?? 0;
      return ask(ALIAS, { input: { group: nameOf(group), alias, version: version.version, expected: held } });
    },
    onSuccess: () => dialog.current?.close(),
    onSettled: () => client.invalidateQueries({ queryKey: ["group", nameOf(group)] }),
  });
  if (session.role === "READER") {
    return null;
  }
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    move.mutate(String(new FormData(event.currentTarget).get("alias")).trim());
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          move.reset();
          dialog.current?.showModal();
        }}
      >
        Move an alias here<span className="unseen">, to version {version.version}</span>
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <form onSubmit={submit}>
          <h2 id={title}>Move an alias to version {version.version}</h2>
          <label>
            Alias
            <input name="alias" list={`${title}-known`} required spellCheck={false} />
          </label>
          <datalist id={`${title}-known`}>
            {["champion", "candidate", ...group.aliases.map(({ name }) => name)].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {move.isError && <p role="alert">{move.error.message}</p>}
          <p className="actions">
            <button type="submit" className="primary" disabled={move.isPending}>
              Move
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}
