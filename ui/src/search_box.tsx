/** Finds anything by name, ARN, URI, type or tag, as one types. The pattern is the ARIA practices' combobox with a list. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ask, graphql } from "./graphql";
import { entityPath, KindMark, Name, shortArn } from "./shown";

const SEARCH = graphql(`
  query Search($text: String!) {
    search(text: $text, first: 12) {
      nodes { arn kind type name }
      pageInfo { hasNextPage }
    }
  }
`);

export function SearchBox() {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const wanted = useDeferredValue(text.trim());
  const go = useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const found = useQuery({
    queryKey: ["search", wanted],
    queryFn: ({ signal }) => ask(SEARCH, { text: wanted }, signal),
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
  });
  const nodes = wanted === "" ? [] : (found.data?.search.nodes ?? []);

  useEffect(() => {
    function focus(event: globalThis.KeyboardEvent) {
      const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
      if (event.key === "/" && !typing) {
        event.preventDefault();
        input.current?.focus();
      }
    }
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);

  function leave(arn: string) {
    setOpen(false);
    setText("");
    setChosen(-1);
    void go(entityPath(arn));
  }

  function key(event: KeyboardEvent) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setChosen((chosen + step + nodes.length + (chosen < 0 && step < 0 ? 1 : 0)) % Math.max(1, nodes.length));
    } else if (event.key === "Enter") {
      const node = nodes[Math.max(0, chosen)];
      if (node !== undefined) {
        event.preventDefault();
        leave(node.arn);
      }
    } else if (event.key === "Escape") {
      setOpen(false);
      setChosen(-1);
    }
  }

  const shown = open && wanted !== "";
  return (
    <search className="search">
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label="Search everything"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={shown && chosen >= 0 ? `${list}-${chosen}` : undefined}
        placeholder="Search   /"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setOpen(true);
          setChosen(-1);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={key}
      />
      <div className="found" hidden={!shown}>
        <div id={list} role="listbox" aria-label="Found">
          {nodes.map((node, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the options of a combobox are chosen from its input
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            <div
              key={node.arn}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === chosen}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => leave(node.arn)}
            >
              <KindMark kind={node.kind} /> <Name>{node.name}</Name>
              <span className="small">
                {node.type ?? ""} {shortArn(node.arn)}
              </span>
            </div>
          ))}
        </div>
        {found.isError && <p className="small">{found.error.message}</p>}
        {found.isSuccess && nodes.length === 0 && (
          <p className="small">Nothing has this in its name, ARN, URI, type or tags.</p>
        )}
      </div>
    </search>
  );
}
