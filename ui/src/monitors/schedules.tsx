/** The schedules, with what their last run came to, and what may be done with them. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { ask } from "../graphql";
import { useSession } from "../session";
import { EntityLink, Time, word } from "../shown";
import { Busy, Empty, Failed, More } from "../states";
import { RUN, SCHEDULES, type Schedule, START, STOP, tone } from "./data";

export function Schedules() {
  const found = useInfiniteQuery({
    queryKey: ["monitors", "schedules"],
    queryFn: ({ pageParam, signal }) => ask(SCHEDULES, { after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ monitoringSchedules: { pageInfo } }) => (pageInfo.hasNextPage ? pageInfo.endCursor : null),
  });
  const schedules = found.data?.pages.flatMap((page) => page.monitoringSchedules.nodes) ?? [];
  return (
    <section className="card" aria-labelledby="schedules">
      <h2 id="schedules">Schedules</h2>
      {found.isPending && <Busy what="the schedules" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && schedules.length === 0 && (
        <Empty>
          Nothing is monitored on a schedule. <code>stemma monitor schedule --help</code>
        </Empty>
      )}
      {schedules.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Schedule</th>
                <th scope="col">Monitor</th>
                <th scope="col">Runs at</th>
                <th scope="col">Last run</th>
                <th scope="col">Next</th>
                <th scope="col">
                  <span className="unseen">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {schedules.map((schedule) => (
                <Row key={schedule.arn} schedule={schedule} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More of={found}>More schedules</More>
    </section>
  );
}

function Row({ schedule }: { schedule: Schedule }) {
  const last = schedule.executions.nodes[0];
  return (
    <tr>
      <th scope="row">
        <EntityLink arn={schedule.arn} name={schedule.displayName} />
        <p className="small">
          <Link to={`/monitors?schedule=${encodeURIComponent(schedule.displayName)}`}>
            Over time<span className="unseen"> of {schedule.displayName}</span>
          </Link>
        </p>
      </th>
      <td>
        {word(schedule.monitoringType)}
        {schedule.endpoint && (
          <p className="small">
            of <bdi>{schedule.endpoint}</bdi>
          </p>
        )}
      </td>
      <td>
        <code>{schedule.expression}</code>
      </td>
      <td>
        {last ? (
          <>
            <span className={`badge ${tone(last.status)}`}>{word(last.status)}</span> <Time at={last.scheduledAt} />
          </>
        ) : (
          "–"
        )}
        {schedule.inAlert && (
          <p>
            <span className="badge rejected">In alert</span>
          </p>
        )}
        {schedule.silence && (
          <p className="small">
            Silent until <Time at={schedule.silence.until} />: <bdi>{schedule.silence.reason}</bdi>
          </p>
        )}
      </td>
      <td>{schedule.scheduled ? schedule.nextLookAt ? <Time at={schedule.nextLookAt} /> : "–" : "Stopped"}</td>
      <td>
        <Steering schedule={schedule} />
      </td>
    </tr>
  );
}

function Steering({ schedule }: { schedule: Schedule }) {
  const session = useSession();
  const client = useQueryClient();
  const steer = useMutation({
    mutationFn: async (what: "run" | "start" | "stop") => {
      const named = { schedule: schedule.displayName };
      await (what === "run" ? ask(RUN, named) : what === "start" ? ask(START, named) : ask(STOP, named));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["monitors"] }),
  });
  if (session.role === "READER") {
    return null;
  }
  const name = <span className="unseen"> {schedule.displayName}</span>;
  return (
    <div className="actions">
      <button type="button" disabled={steer.isPending} onClick={() => steer.mutate("run")}>
        Run now{name}
      </button>
      <button
        type="button"
        disabled={steer.isPending}
        onClick={() => steer.mutate(schedule.scheduled ? "stop" : "start")}
      >
        {schedule.scheduled ? "Stop" : "Start"}
        {name}
      </button>
      {steer.isError && <span role="alert">{steer.error.message}</span>}
    </div>
  );
}
