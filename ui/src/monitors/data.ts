/** What the page of monitors asks for. */
import { graphql, type ResultOf } from "../graphql";

export const SCHEDULES = graphql(`
  query Schedules($after: String) {
    monitoringSchedules(first: 50, after: $after) {
      nodes {
        arn displayName monitoringType expression scheduled endpoint definition nextLookAt
        inAlert silence { reason until }
        executions(first: 1) { nodes { job status scheduledAt } }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const EXECUTIONS = graphql(`
  query Executions($schedule: ID, $status: MonitoringExecutionStatus, $after: String) {
    monitoringExecutions(schedule: $schedule, status: $status, first: 50, after: $after) {
      nodes { job schedule monitoringType status endpoint scheduledAt modifiedAt attempt failure component { arn } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const START = graphql(`
  mutation Start($schedule: ID!) {
    startMonitoringSchedule(schedule: $schedule) { schedule { arn } }
  }
`);

export const STOP = graphql(`
  mutation Stop($schedule: ID!) {
    stopMonitoringSchedule(schedule: $schedule) { schedule { arn } }
  }
`);

export const RUN = graphql(`
  mutation Run($schedule: ID!) {
    runMonitoringSchedule(schedule: $schedule) { execution { job } }
  }
`);

export type Schedule = ResultOf<typeof SCHEDULES>["monitoringSchedules"]["nodes"][number];
export type Execution = ResultOf<typeof EXECUTIONS>["monitoringExecutions"]["nodes"][number];
export type Status = Execution["status"];

export const STATUSES: readonly Status[] = [
  "PENDING",
  "IN_PROGRESS",
  "COMPLETED",
  "VIOLATIONS",
  "FAILED",
  "STOPPING",
  "STOPPED",
];

/** Whether something is still to come of a run. */
export function open(status: Status): boolean {
  return status === "PENDING" || status === "IN_PROGRESS" || status === "STOPPING";
}

/** How a run's status is coloured: good, bad, or not yet known. */
export function tone(status: string | null): string {
  return status === "COMPLETED" ? "approved" : status === "VIOLATIONS" || status === "FAILED" ? "rejected" : "";
}
