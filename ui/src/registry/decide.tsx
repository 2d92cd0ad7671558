/** Approving and rejecting a version, with a reason. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef } from "react";
import { ask } from "../graphql";
import { DECIDE, type Group, nameOf, type Version } from "./data";

export function Decide({
  group,
  version,
  decision,
}: {
  group: Group;
  version: Version;
  decision: "APPROVED" | "REJECTED";
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: (reason: string) =>
      ask(DECIDE, { input: { version: version.resourceArn ?? version.arn, decision, reason: reason || null } }),
    onSuccess: async () => {
      dialog.current?.close();
      await client.invalidateQueries({ queryKey: ["group", nameOf(group)] });
    },
  });
  const verb = decision === "APPROVED" ? "Approve" : "Reject";
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    decide.mutate(String(new FormData(event.currentTarget).get("reason")).trim());
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          decide.reset();
          dialog.current?.showModal();
        }}
      >
        {verb}
        <span className="unseen"> version {version.version}</span>
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <form onSubmit={submit}>
          <h2 id={title}>
            {verb} {group.displayName} version {version.version}
          </h2>
          <label>
            Reason
            <textarea name="reason" rows={3} maxLength={1024} required={decision === "REJECTED"} />
          </label>
          {decide.isError && <p role="alert">{decide.error.message}</p>}
          <p className="actions">
            <button type="submit" className="primary" disabled={decide.isPending}>
              {verb}
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
