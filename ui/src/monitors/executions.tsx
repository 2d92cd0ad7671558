/** What schedules ran, the last due first; looked at again as long as something is still running. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { ask } from "../graphql";
import { Name, runPath, Time, word } from "../shown";
import { Busy, Empty, Failed, More } from "../states";
import { EXECUTIONS, type Execution, open, STATUSES, tone } from "./data";

const LOOK_MS = 2_000;

export function Executions() {
  const [address, setAddress] = useSearchParams();
  const schedule = address.get("schedule");
  const status = STATUSES.find((each) => each === address.get("status")) ?? null;
  const found = useInfiniteQuery({
    queryKey: ["monitors", "executions", schedule, status],
    queryFn: ({ pageParam, signal }) => ask(EXECUTIONS, { schedule, status, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ monitoringExecutions: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.monitoringExecutions.nodes.some((run) => open(run.status)))
        ? LOOK_MS
        : false,
  });
  const runs = found.data?.pages.flatMap((page) => page.monitoringExecutions.nodes) ?? [];
  return (
    <section className="card" aria-labelledby="executions">
      <h2 id="executions">
        Runs
        {schedule !== null && (
          <>
            {" of "}
            <Name>{schedule}</Name>
          </>
        )}
      </h2>
      {schedule !== null && (
        <p>
          <Link to="/monitors">Runs of all schedules</Link>
        </p>
      )}
      <label className="inline">
        Status
        <select
          value={status ?? ""}
          onChange={(event) =>
            setAddress((before) => {
              const after = new URLSearchParams(before);
              after.delete("status");
              if (event.target.value) {
                after.set("status", event.target.value);
              }
              return after;
            })
          }
        >
          <option value="">all</option>
          {STATUSES.map((each) => (
            <option key={each} value={each}>
              {word(each)}
            </option>
          ))}
        </select>
      </label>
      {found.isPending && <Busy what="the runs" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && runs.length === 0 && (
        <Empty>{status ? "No run has this status." : "No schedule has run yet."}</Empty>
      )}
      {runs.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Monitor</th>
                <th scope="col">Due</th>
                <th scope="col">Status</th>
                <th scope="col">What came of it</th>
              </tr>
            </thead>
            <tbody>
              {runs.map((run) => (
                <Row key={run.job} run={run} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More of={found}>Earlier runs</More>
    </section>
  );
}

function Row({ run }: { run: Execution }) {
  return (
    <tr>
      <th scope="row">
        {run.component ? (
          <Link to={runPath(run.component.arn)}>
            <Name>{run.schedule ?? run.job}</Name>
          </Link>
        ) : (
          <Name>{run.schedule ?? run.job}</Name>
        )}
      </th>
      <td>{run.monitoringType && word(run.monitoringType)}</td>
      <td>
        <Time at={run.scheduledAt} />
      </td>
      <td>
        <span className={`badge ${tone(run.status)}`}>{word(run.status)}</span>
        {run.attempt > 1 && <p className="small">Attempt {run.attempt}</p>}
      </td>
      <td>
        <bdi>{run.failure ?? ""}</bdi>
      </td>
    </tr>
  );
}
