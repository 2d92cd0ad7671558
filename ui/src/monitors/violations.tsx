/** A run's violations, each with the column it speaks of and its place in the lineage. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ask } from "../graphql";
import { EntityLink, keyed, lineagePath, Name, word } from "../shown";
import { Busy, Failed, More } from "../states";
import { RUN_VIOLATIONS } from "./run_data";

export function Violations({ run, count }: { run: string; count: number }) {
  const found = useInfiniteQuery({
    queryKey: ["run", run, "violations"],
    queryFn: ({ pageParam, signal }) => ask(RUN_VIOLATIONS, { run, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ monitoringRun: { violations } }) =>
      violations.pageInfo.hasNextPage ? violations.pageInfo.endCursor : null,
  });
  const listed = found.data?.pages.flatMap((page) => page.monitoringRun.violations.nodes) ?? [];
  return (
    <section className="card" aria-labelledby="violations">
      <h2 id="violations">Violations</h2>
      {found.isPending && <Busy what="the violations" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {listed.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Check</th>
                <th scope="col">Found</th>
                <th scope="col">Lineage</th>
              </tr>
            </thead>
            <tbody>
              {keyed(listed).map(({ key, item: each }) => (
                <tr key={key}>
                  <th scope="row">
                    {each.column ? (
                      <EntityLink arn={each.column.arn} name={each.subject} />
                    ) : (
                      <Name>{each.subject}</Name>
                    )}
                  </th>
                  <td>{word(each.check.replace(/_check$/, ""))}</td>
                  <td>
                    <bdi>{each.description}</bdi>
                  </td>
                  <td>
                    {each.entity ? (
                      <Link to={lineagePath(`+arn:${each.entity.arn}`)}>
                        What it came from<span className="unseen">: {each.subject}</span>
                      </Link>
                    ) : (
                      "In the file only"
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More of={found}>More of {count}</More>
    </section>
  );
}
