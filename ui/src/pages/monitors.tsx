/** Monitors: their schedules, and what those ran. */
import { Link } from "react-router";
import { Executions } from "../monitors/executions";
import { Schedules } from "../monitors/schedules";
import { lineagePath } from "../shown";

export function MonitorsPage() {
  return (
    <div className="page">
      <title>Monitors · Stemma</title>
      <h1>Monitors</h1>
      <p className="actions">
        <Link className="button" to={lineagePath("type:Violation")}>
          All violations
        </Link>
      </p>
      <Schedules />
      <Executions />
    </div>
  );
}
