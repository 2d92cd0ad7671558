/** Lineage of whatever a selection names, as a picture or as tables; everything that makes it this view is in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { ask } from "../graphql";
import { type Compared, DIFF, type LineageNode, SELECT, type Selected } from "../lineage/data";
import { edgesCsv, json, nodesCsv, png, save, svg } from "../lineage/files";
import { Overview } from "../lineage/overview";
import { Picture } from "../lineage/picture";
import { ELEMENTS } from "../lineage/sizes";
import { LineageTable } from "../lineage/table";
import { EntityLink, entityPath, KINDS, KindMark, lineagePath, Name, Time, word } from "../shown";
import { Busy, Empty, Failed } from "../states";

const LIMIT = 5000;
const EXAMPLES = ["type:Endpoint", "+type:Violation", "type:DataSet+2", "kind:action and not type:Approval", "owner:*"];

export function LineagePage() {
  const [address, setAddress] = useSearchParams();
  const query = address.get("q") ?? "";
  const asOf = address.get("asOf");
  const knownAt = address.get("knownAt");
  const table = address.get("view") === "table";
  const chosen = address.get("at");
  const since = address.get("from");

  /** Change a part of the view; a new question is a new step back in the browser, a choice in it is not. */
  function go(changes: Record<string, string | null>, replace = false) {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        for (const [key, value] of Object.entries(changes)) {
          if (value === null || value === "") {
            after.delete(key);
          } else {
            after.set(key, value);
          }
        }
        return after;
      },
      { replace },
    );
  }

  const found = useQuery({
    queryKey: ["select", query, asOf, knownAt],
    queryFn: ({ signal }) => ask(SELECT, { query, asOf, knownAt, limit: LIMIT }, signal),
    enabled: query !== "" && since === null,
    placeholderData: keepPreviousData,
  });
  const compared = useQuery({
    queryKey: ["diff", query, since, asOf],
    queryFn: ({ signal }) => ask(DIFF, { query, from: since ?? "", to: asOf, limit: LIMIT / 2 }, signal),
    enabled: query !== "" && since !== null,
  });
  const asked = since === null ? found : compared;
  const selected = query === "" || since !== null ? undefined : found.data?.select;
  const node = (selected ?? compared.data?.diff)?.nodes.find((each) => each.arn === chosen) ?? null;
  return (
    <div className="lineage">
      <title>{query ? `${query} · Lineage · Stemma` : "Lineage · Stemma"}</title>
      <h1 className="unseen">Lineage</h1>
      <Asking
        key={`${query} ${asOf} ${knownAt} ${since}`}
        query={query}
        asOf={asOf}
        knownAt={knownAt}
        since={since}
        go={go}
      />
      {query === "" && <Examples />}
      {query !== "" && asked.isPending && <Busy what="the lineage" />}
      {asked.isError && <Failed error={asked.error} again={() => void asked.refetch()} />}
      {query !== "" && since !== null && compared.data && (
        <Comparison compared={compared.data.diff} chosen={chosen} choose={(arn) => go({ at: arn }, true)}>
          {node && <Drawer node={node} query={query} asOf={asOf} close={() => go({ at: null }, true)} />}
        </Comparison>
      )}
      {selected && !found.isError && (
        <>
          <div className="bar">
            <p role="status" className={selected.truncated ? "cut" : ""}>
              {selected.truncated
                ? `Cut: ${selected.nodes.length} of ${selected.total} entities shown. Narrow the selection, for example by a type or a number of steps.`
                : `${selected.nodes.length} entities, ${selected.edges.length} associations`}
              {(asOf || knownAt) && (
                <>
                  {" "}
                  as of <Time at={selected.asOf} />, known at <Time at={selected.knownAt} />
                </>
              )}
            </p>
            <Types selected={selected} query={query} go={go} />
            <Save selected={selected} query={query} />
            <button type="button" aria-pressed={table} onClick={() => go({ view: table ? null : "table" })}>
              Table
            </button>
          </div>
          {selected.nodes.length === 0 && <Empty>This selects nothing at this time.</Empty>}
          {selected.nodes.length > 0 && table && <LineageTable selected={selected} />}
          {selected.nodes.length > 0 && !table && (
            <div className="stage">
              {selected.nodes.length <= ELEMENTS ? (
                <Picture key={query} selected={selected} chosen={chosen} choose={(arn) => go({ at: arn }, true)} />
              ) : (
                <Overview key={query} selected={selected} chosen={chosen} choose={(arn) => go({ at: arn }, true)} />
              )}
              {node && <Drawer node={node} query={query} asOf={asOf} close={() => go({ at: null }, true)} />}
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** What was added, removed and changed from one moment to another. */
function Comparison({
  compared,
  chosen,
  choose,
  children,
}: {
  compared: Compared;
  chosen: string | null;
  choose: (arn: string | null) => void;
  children: ReactNode;
}) {
  const count = (difference: string) => compared.nodeDifferences.filter((each) => each === difference).length;
  const differing = compared.nodes.flatMap((node, index) => {
    const difference = compared.nodeDifferences[index];
    return difference === undefined || difference === "SAME" ? [] : [{ node, difference }];
  });
  return (
    <>
      <div className="bar">
        <p role="status" className={compared.truncated ? "cut" : ""}>
          {compared.truncated && "Cut: there is more at one of the two times than is compared. "}
          {count("ADDED")} added, {count("REMOVED")} removed, {count("CHANGED")} changed from{" "}
          <Time at={compared.from} /> to <Time at={compared.to} />
        </p>
      </div>
      <div className="stage">
        {compared.nodes.length <= ELEMENTS ? (
          <Picture
            selected={compared}
            differences={{ nodes: compared.nodeDifferences, edges: compared.edgeDifferences }}
            chosen={chosen}
            choose={choose}
          />
        ) : (
          <Overview selected={compared} chosen={chosen} choose={choose} />
        )}
        {children}
      </div>
      <div className="tables">
        <div className="scroll card">
          <table>
            <caption>What differs</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {differing.map(({ node, difference }) => (
                <tr key={node.arn}>
                  <th scope="row">
                    <EntityLink arn={node.arn} name={node.name} kind={node.kind} />
                  </th>
                  <td>{node.type ?? KINDS[node.kind]}</td>
                  <td>{word(difference)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </>
  );
}

type Go = (changes: Record<string, string | null>, replace?: boolean) => void;

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

function Asking({ query, asOf, knownAt, since, go }: AskingProps) {
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

function Examples() {
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

function Types({ selected, query, go }: { selected: Selected; query: string; go: Go }) {
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

function Save({ selected, query }: { selected: Selected; query: string }) {
  const [problem, setProblem] = useState("");
  async function as(form: string) {
    setProblem("");
    const { width, height } = selected.layout;
    const picture = () => svg(selected, `Lineage: ${query}`);
    try {
      if (form === "svg") {
        save(picture(), "lineage.svg", "image/svg+xml");
      } else if (form === "png") {
        save(await png(picture(), width, height), "lineage.png", "image/png");
      } else if (form === "json") {
        save(json(selected, query), "lineage.json", "application/json");
      } else if (form === "nodes") {
        save(nodesCsv(selected), "entities.csv", "text/csv");
      } else if (form === "edges") {
        save(edgesCsv(selected), "associations.csv", "text/csv");
      }
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "it can't be saved");
    }
  }
  return (
    <>
      <select value="" aria-label="Save what is shown" onChange={(event) => void as(event.target.value)}>
        <option value="">Save as …</option>
        <option value="svg">SVG picture</option>
        <option value="png">PNG picture</option>
        <option value="nodes">CSV of entities</option>
        <option value="edges">CSV of associations</option>
        <option value="json">JSON</option>
      </select>
      {problem && <span role="alert">{problem}</span>}
    </>
  );
}

function Drawer({
  node,
  query,
  asOf,
  close,
}: {
  node: LineageNode;
  query: string;
  asOf: string | null;
  close: () => void;
}) {
  const more = (text: string) => lineagePath(`(${query}) or ${text}`);
  return (
    <aside className="drawer" aria-label="Chosen entity">
      <button type="button" className="quiet close" onClick={close} aria-label="Close">
        ✕
      </button>
      <p className="small">
        <KindMark kind={node.kind} /> {KINDS[node.kind]}
        {node.type && ` · ${node.type}`}
      </p>
      <h2>
        <Name>{node.name}</Name>
      </h2>
      <p className="small">
        <code>{node.arn}</code>
      </p>
      <p className="small">
        Created <Time at={node.createdAt} />
      </p>
      <ul className="plain">
        <li>
          <Link to={`${entityPath(node.arn)}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ""}`}>All about it</Link>
        </li>
        <li>
          <Link to={more(`1+arn:${node.arn}`)}>Add what it came from</Link>
        </li>
        <li>
          <Link to={more(`arn:${node.arn}+1`)}>Add what it leads to</Link>
        </li>
        <li>
          <Link to={lineagePath(`+arn:${node.arn}+`)}>Only its own lineage</Link>
        </li>
        <li>
          <Link to={lineagePath(`(${query}) and not arn:${node.arn}`)}>Leave it out</Link>
        </li>
      </ul>
    </aside>
  );
}
