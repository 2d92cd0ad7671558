/** What there is: what runs, what was found, what is new. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ask, graphql } from "../graphql";
import { EntityLink, lineagePath, Name, Time } from "../shown";
import { Busy, Empty, Failed } from "../states";

const HOME = graphql(`
  query Home {
    deployments(first: 20) {
      nodes { action { arn name } endpoint variant model versions startedAt weight }
      pageInfo { hasNextPage }
    }
    violations: search(types: ["Violation"], first: 10) {
      nodes { arn kind name createdAt entity { description } }
      pageInfo { hasNextPage }
    }
    recent: search(first: 15) {
      nodes { arn kind type name createdAt }
    }
    ledger { sequence signedAt }
  }
`);

export function HomePage() {
  const found = useQuery({ queryKey: ["home"], queryFn: ({ signal }) => ask(HOME, {}, signal) });
  if (found.isPending) {
    return <Busy what="the overview" />;
  }
  if (found.isError) {
    return <Failed error={found.error} again={() => void found.refetch()} />;
  }
  const { deployments, violations, recent, ledger } = found.data;
  return (
    <div className="page columns">
      <title>Stemma</title>
      <h1 className="unseen">Overview</h1>
      <section aria-labelledby="running" className="card wide">
        <h2 id="running">In production now</h2>
        {deployments.nodes.length === 0 ? (
          <Empty>Nothing is deployed. An endpoint, made through the SageMaker API or GraphQL, appears here.</Empty>
        ) : (
          <div className="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Endpoint</th>
                  <th scope="col">Variant</th>
                  <th scope="col">Runs</th>
                  <th scope="col">Since</th>
                  <th scope="col">Lineage</th>
                </tr>
              </thead>
              <tbody>
                {deployments.nodes.map((each) => (
                  <tr key={each.action.arn}>
                    <td>
                      {each.endpoint ? (
                        <EntityLink arn={each.endpoint} name={last(each.endpoint)} />
                      ) : (
                        <EntityLink arn={each.action.arn} name={each.action.name} />
                      )}
                    </td>
                    <td>{each.variant ?? "–"}</td>
                    <td>
                      {each.versions.map((arn) => (
                        <EntityLink key={arn} arn={arn} name={last(arn)} />
                      ))}
                      {each.versions.length === 0 && (each.model ?? "–")}
                    </td>
                    <td>
                      <Time at={each.startedAt} />
                    </td>
                    <td>
                      <Link to={lineagePath(`+arn:${each.action.arn}+`)}>
                        Lineage<span className="unseen"> of {each.action.name}</span>
                      </Link>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {deployments.pageInfo.hasNextPage && <p className="small">The newest 20 are shown.</p>}
      </section>
      <section aria-labelledby="violations" className="card">
        <h2 id="violations">Violations</h2>
        {violations.nodes.length === 0 ? (
          <Empty>No monitor has found a violation.</Empty>
        ) : (
          <ul className="plain">
            {violations.nodes.map((each) => (
              <li key={each.arn}>
                <EntityLink arn={each.arn} name={each.name} kind={each.kind} /> <Time at={each.createdAt} />
                {each.entity?.description && (
                  <p className="small">
                    <Name>{each.entity.description}</Name>
                  </p>
                )}
              </li>
            ))}
          </ul>
        )}
        {violations.pageInfo.hasNextPage && <Link to={lineagePath("type:Violation")}>All violations</Link>}
      </section>
      <section aria-labelledby="recent" className="card">
        <h2 id="recent">New</h2>
        {recent.nodes.length === 0 ? (
          <Empty>
            Nothing is recorded yet. <code>make demo</code> records a whole story; <code>stemma --help</code> says how
            to record your own.
          </Empty>
        ) : (
          <ul className="plain">
            {recent.nodes.map((each) => (
              <li key={each.arn}>
                <EntityLink arn={each.arn} name={each.name} kind={each.kind} />{" "}
                <span className="small">
                  {each.type} · <Time at={each.createdAt} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </section>
      <p className="small wide">
        Ledger entry {ledger.sequence}
        {ledger.signedAt && (
          <>
            , signed <Time at={ledger.signedAt} />
          </>
        )}
        . <code>stemma verify</code> checks all of it.
      </p>
    </div>
  );
}

function last(arn: string): string {
  return arn.split(":").slice(5).join(":").split("/").slice(1).join("/");
}
