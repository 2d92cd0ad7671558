/** Lineage of whatever a selection names, as a picture or as tables; everything that makes it this view is in the address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { ask } from "../graphql";
import { Asking, Examples, Types } from "../lineage/asking";
import { Comparison } from "../lineage/comparison";
import { DIFF, SELECT } from "../lineage/data";
import { Drawer } from "../lineage/drawer";
import { Overview } from "../lineage/overview";
import { Path, usePath } from "../lineage/path";
import { Picture } from "../lineage/picture";
import { Save } from "../lineage/saving";
import { ELEMENTS } from "../lineage/sizes";
import { LineageTable } from "../lineage/table";
import { moments, Timeline } from "../lineage/timeline";
import { Time } from "../shown";
import { Busy, Empty, Failed } from "../states";

const LIMIT = 5000;

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
  const start = address.get("path");
  const path = usePath({ start, end: chosen, asOf, knownAt });
  const onPath = useMemo(() => (path.data ? new Set(path.data.nodes.map(({ arn }) => arn)) : null), [path.data]);
  // Of the present: what is shown of the past does not know what came after.
  const present = useQuery({
    queryKey: ["select", query, null, knownAt],
    queryFn: ({ signal }) => ask(SELECT, { query, asOf: null, knownAt, limit: LIMIT }, signal),
    enabled: query !== "" && since === null && asOf !== null,
  });
  const latest = (asOf === null ? found.data : present.data)?.select;
  const times = useMemo(() => (latest === undefined ? [] : moments(latest)), [latest]);
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
          {node && (
            <Drawer node={node} query={query} asOf={asOf} startPath={null} close={() => go({ at: null }, true)} />
          )}
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
          <Timeline times={times} asOf={asOf} go={go} />
          {selected.nodes.length === 0 && <Empty>This selects nothing at this time.</Empty>}
          {selected.nodes.length > 0 && table && <LineageTable selected={selected} />}
          {selected.nodes.length > 0 && !table && (
            <div className="stage">
              {selected.nodes.length <= ELEMENTS ? (
                <Picture
                  key={query}
                  selected={selected}
                  path={onPath}
                  chosen={chosen}
                  choose={(arn) => go({ at: arn }, true)}
                />
              ) : (
                <Overview
                  key={query}
                  selected={selected}
                  path={onPath}
                  chosen={chosen}
                  choose={(arn) => go({ at: arn }, true)}
                />
              )}
              {node && (
                <Drawer
                  node={node}
                  query={query}
                  asOf={asOf}
                  startPath={start === null ? () => go({ path: node.arn }) : null}
                  close={() => go({ at: null }, true)}
                >
                  {start !== null && <Path found={path} start={start} node={node} leave={() => go({ path: null })} />}
                </Drawer>
              )}
            </div>
          )}
        </>
      )}
    </div>
  );
}
