/** What a schedule's series ask for, and which of them is shown first. */
import { graphql, type ResultOf } from "../graphql";

export const MEASURED = graphql(`
  query Measured($schedule: ID!) {
    monitoringSchedule(schedule: $schedule) { measured { subject name metrics } }
  }
`);

export const TREND = graphql(`
  query Trend($schedule: ID!, $subject: MonitoringSubject!, $name: String!, $metric: String!) {
    monitoringSchedule(schedule: $schedule) {
      seriesPicture(subject: $subject, name: $name, metric: $metric) {
        svg alt caption table { caption columns rows numeric hidden }
      }
    }
  }
`);

export type Thing = NonNullable<ResultOf<typeof MEASURED>["monitoringSchedule"]>["measured"][number];

/** What says most of a thing, where it was measured. */
const FIRST = ["baseline_drift", "ndcg", "DPPL", "accuracy", "f1", "rmse"];

export function thingKey(thing: Thing): string {
  return `${thing.subject}|${thing.name}`;
}

/** The thing and the metric that an address names, else what says most. */
export function chosen(
  things: readonly Thing[],
  key: string | null,
  metric: string | null,
): { thing: Thing | null; metric: string } {
  const drifting = things.find((each) => each.metrics.some((name) => FIRST.includes(name)));
  const thing = things.find((each) => thingKey(each) === key) ?? drifting ?? things[0] ?? null;
  if (thing === null) {
    return { thing, metric: "" };
  }
  const named = metric !== null && thing.metrics.includes(metric) ? metric : undefined;
  return { thing, metric: named ?? FIRST.find((name) => thing.metrics.includes(name)) ?? thing.metrics[0] ?? "" };
}
