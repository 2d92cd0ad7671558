/** What became of an entity, change by change. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { ask } from "../graphql";
import { Time, word } from "../shown";
import { Busy, Failed, More } from "../states";
import { HISTORY } from "./data";

export function History({ arn }: { arn: string }) {
  const found = useInfiniteQuery({
    queryKey: ["history", arn],
    queryFn: ({ pageParam, signal }) => ask(HISTORY, { arn, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) =>
      last.entity?.history.pageInfo.hasNextPage ? last.entity.history.pageInfo.endCursor : null,
  });
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {found.isPending && <Busy what="the history" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      <ol className="history">
        {found.data?.pages
          .flatMap((page) => page.entity?.history.nodes ?? [])
          .map((change) => (
            <li key={`${change.sequence}/${change.proof.leaf}`}>
              <p>
                <strong>{word(change.operation)}</strong> <Time at={change.recordedAt} /> by{" "}
                <bdi>{change.actor.id}</bdi> through {change.door}
                {change.validFrom.slice(0, 19) !== change.recordedAt.slice(0, 19) && (
                  <>
                    , true from <Time at={change.validFrom} />
                  </>
                )}
              </p>
              <Difference before={change.before} after={change.after} />
              <p className="small">
                Ledger entry {change.sequence}, leaf {change.proof.leaf}:{" "}
                <code>{change.proof.digest.slice(0, 16)}…</code>
              </p>
            </li>
          ))}
      </ol>
      <More of={found}>Earlier changes</More>
    </section>
  );
}

function Difference({ before, after }: { before: unknown; after: unknown }) {
  const old = (before ?? {}) as Record<string, unknown>;
  const now = (after ?? {}) as Record<string, unknown>;
  if (before === null || after === null) {
    return null;
  }
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (key) => key !== "modified_at" && key !== "modified_by" && JSON.stringify(old[key]) !== JSON.stringify(now[key]),
  );
  return (
    <dl className="difference">
      {keys.map((key) => (
        <div key={key}>
          <dt>{word(key)}</dt>
          <dd>
            {old[key] !== undefined && <del>{said(old[key])}</del>}{" "}
            {now[key] !== undefined && <ins>{said(now[key])}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function said(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
