/** What is asked: a selection and its moments, and examples for those who have not asked yet. */
import type { FormEvent } from "react";
import { Link } from "react-router";
import { lineagePath } from "../shown";
import type { Selected } from "./data";

const EXAMPLES = ["type:Endpoint", "+type:Violation", "type:DataSet+2", "kind:action and not type:Approval", "owner:*"];

/** Change a part of the view, as a new step back in the browser unless it replaces the last. */
export type Go = (changes: Record<string, string | null>, replace?: boolean) => void;

/** `datetime-local` has no zone: what is typed is meant in the reader's own. */
function local(at: string | null): string {
  if (at === null) {
    return "";
  }
  const time = new Date(at);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface AskingProps {
  query: string;
  asOf: string | null;
  knownAt: string | null;
  since: string | null;
  go: Go;
}

export function Asking({ query, asOf, knownAt, since, go }: AskingProps) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const time = (name: string) => {
      const typed = String(form.get(name) ?? "");
      return typed === "" ? null : new Date(typed).toISOString();
    };
    go({
      q: String(form.get("q")).trim(),
      asOf: time("asOf"),
      knownAt: time("knownAt"),
      from: time("from"),
      at: null,
    });
  }
  return (
    <form className="asking" onSubmit={submit}>
      <label className="grow">
        Selection
        <input
          name="q"
          defaultValue={query}
          placeholder="+model:churn+2 and type:DataSet"
          spellCheck={false}
          autoComplete="off"
        />
      </label>
      <label>
        As of
        <input name="asOf" type="datetime-local" defaultValue={local(asOf)} />
      </label>
      <label>
        Known at
        <input name="knownAt" type="datetime-local" defaultValue={local(knownAt)} />
      </label>
      <label>
        Compare with
        <input name="from" type="datetime-local" defaultValue={local(since)} />
      </label>
      <button type="submit" className="primary">
        Show
      </button>
    </form>
  );
}

export function Examples() {
  return (
    <div className="page">
      <p>
        Name what you want to see. <code>name</code> or <code>key:value</code> with <code>*</code> as a wildcard; the
        keys are <code>name</code>, <code>type</code>, <code>kind</code>, <code>tag</code>, <code>owner</code>,{" "}
        <code>uri</code>, <code>arn</code>, <code>model</code> and <code>endpoint</code>. <code>+churn</code> adds all
        that churn came from, <code>churn+</code> all that it touches, <code>2+churn+1</code> as far as so many steps.{" "}
        <code>and</code>, <code>or</code>, <code>not</code> and parentheses combine.
      </p>
      <ul>
        {EXAMPLES.map((each) => (
          <li key={each}>
            <Link to={lineagePath(each)}>
              <code>{each}</code>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Types({ selected, query, go }: { selected: Selected; query: string; go: Go }) {
  const types = [...new Set(selected.nodes.map((node) => node.type).filter((type) => type !== null))].sort();
  if (types.length < 2) {
    return null;
  }
  return (
    <label className="inline">
      Only
      <select
        value=""
        onChange={(event) => go({ q: `(${query}) and type:"${event.target.value}"`, at: null })}
        aria-label="Show one type only"
      >
        <option value="">all types</option>
        {types.map((type) => (
          <option key={type} value={type}>
            {type}
          </option>
        ))}
      </select>
    </label>
  );
}
