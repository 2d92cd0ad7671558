/** Monitors: their schedules, and what those ran. */
import { Link, useSearchParams } from "react-router";
import { Executions } from "../monitors/executions";
import { Schedules } from "../monitors/schedules";
import { Trends } from "../monitors/trends";
import { lineagePath } from "../shown";

export function MonitorsPage() {
  const schedule = useSearchParams()[0].get("schedule");
  return (
    <div className="page">
      <title>Monitors · Stemma</title>
      <h1>Monitors</h1>
      <p className="actions">
        <Link className="button" to={lineagePath("type:Violation")}>
          All violations
        </Link>
      </p>
      {schedule !== null && <Trends key={schedule} schedule={schedule} />}
      <Schedules />
      <Executions />
    </div>
  );
}
