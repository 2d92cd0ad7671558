/** One run of a monitor: how it stands, and what it found. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { Term } from "../entity/facts";
import { ask } from "../graphql";
import { tone } from "../monitors/data";
import { Features } from "../monitors/features";
import { RUN_FOUND, RUN_STATE, type RunState } from "../monitors/run_data";
import { Parts, Sections } from "../monitors/sections";
import { Violations } from "../monitors/violations";
import { EntityLink, entityPath, lineagePath, Name, schedulePath, Time, word } from "../shown";
import { Busy, Failed } from "../states";

const LOOK_MS = 2_000;
const OPEN = ["IN_PROGRESS", "STOPPING"];

export function RunPage() {
  const { "*": run = "" } = useParams();
  const client = useQueryClient();
  const state = useQuery({
    queryKey: ["run", run, "state"],
    queryFn: ({ signal }) => ask(RUN_STATE, { run }, signal),
    // How it goes shows by itself.
    refetchInterval: ({ state: { data } }) =>
      data && OPEN.includes(data.monitoringRun.component.status ?? "") ? LOOK_MS : false,
  });
  const status = state.data?.monitoringRun.component.status;
  const ended = status === "COMPLETED";
  const found = useQuery({
    queryKey: ["run", run, "found"],
    queryFn: ({ signal }) => ask(RUN_FOUND, { run }, signal),
    enabled: ended,
  });
  useEffect(() => {
    if (ended) {
      void client.invalidateQueries({ queryKey: ["monitors"] });
    }
  }, [ended, client]);
  if (state.isPending) {
    return <Busy what="the run" />;
  }
  if (state.isError) {
    return <Failed error={state.error} again={() => void state.refetch()} />;
  }
  const { monitoringRun } = state.data;
  const result = found.data?.monitoringRun;
  return (
    <article className="page">
      <title>{`${monitoringRun.job} · Monitors · Stemma`}</title>
      <p className="small">
        <Link to="/monitors">Monitors</Link>
        {result && ` · ${word(result.monitoringType)}`}
      </p>
      <h1>
        <Name>{monitoringRun.job}</Name>
      </h1>
      <Verdict run={monitoringRun} violations={result?.violationCount ?? null} />
      <p className="actions">
        <Link className="button" to={lineagePath(`+arn:${monitoringRun.component.arn}+`)}>
          Lineage
        </Link>
        <Link className="button" to={entityPath(monitoringRun.component.arn)}>
          All about the job
        </Link>
      </p>
      <About run={monitoringRun} />
      {ended && found.isPending && <Busy what="what it found" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {result && (
        <>
          <Parts parts={result.notices} />
          {result.violationCount > 0 && <Violations run={run} count={result.violationCount} />}
          {result.monitoringType === "DATA_QUALITY" && <Features run={run} />}
          <Sections sections={result.sections} />
        </>
      )}
    </article>
  );
}

/** The first thing to know: whether it is done, and whether all is well. */
function Verdict({ run, violations }: { run: RunState; violations: number | null }) {
  const { component } = run;
  const step = component.properties.find(({ key }) => key === "SecondaryStatus")?.value;
  // A run that no schedule began has no status of its own: its job's, unless it found something.
  const status = run.execution?.status ?? (violations ? "VIOLATIONS" : component.status);
  return (
    <p role="status">
      <span className={`badge ${tone(status)}`}>{status ? word(status) : "Unknown"}</span>{" "}
      {OPEN.includes(component.status ?? "") && step && `${step}. `}
      {run.execution && run.execution.attempt > 1 && `Attempt ${run.execution.attempt}. `}
      {violations === 0 && run.baseline.length > 0 && "No violations: all is as the baseline asks."}
      {violations === 0 && run.baseline.length === 0 && "It was held against nothing: a baseline, or a first look."}
      {violations !== null && violations > 0 && `${violations} ${violations === 1 ? "violation" : "violations"}.`}{" "}
      {violations === null && <bdi>{run.execution?.failure ?? component.statusMessage}</bdi>}
    </p>
  );
}

function About({ run }: { run: RunState }) {
  const { component, execution } = run;
  const told = component.parameters
    .filter(({ key }) => !key.startsWith("violations") && key !== "sha256")
    .map(({ key, number, string }) => [key, string ?? String(number)] as const);
  return (
    <section className="card" aria-labelledby="looked-at">
      <h2 id="looked-at">What was looked at</h2>
      <dl>
        <Linked title="Data" entities={run.data} />
        <Linked title="Baseline" entities={run.baseline} />
        <Linked title="Model and others" entities={run.others} />
        {execution?.schedule && (
          <div>
            <dt>Schedule</dt>
            <dd>
              <Link to={schedulePath(execution.schedule)}>
                <Name>{execution.schedule}</Name>
              </Link>{" "}
              due <Time at={execution.scheduledAt} />
            </dd>
          </div>
        )}
        {component.startedAt && (
          <div>
            <dt>Ran</dt>
            <dd>
              <Time at={component.startedAt} />
              {component.endedAt && (
                <>
                  {" "}
                  to <Time at={component.endedAt} />
                </>
              )}
            </dd>
          </div>
        )}
        {told.map(([key, value]) => (
          <Term key={key} name={word(key)} value={value} />
        ))}
      </dl>
    </section>
  );
}

function Linked({ title, entities }: { title: string; entities: RunState["data"] }) {
  if (entities.length === 0) {
    return null;
  }
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <ul className="links">
          {entities.map((each) => (
            <li key={each.arn}>
              <EntityLink arn={each.arn} name={each.name} kind={each.kind} />{" "}
              {each.type && <span className="small">{each.type}</span>}
            </li>
          ))}
        </ul>
      </dd>
    </div>
  );
}
