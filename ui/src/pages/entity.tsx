/** Everything about one entity. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearchParams } from "react-router";
import { ENTITY } from "../entity/data";
import { Facts, Pairs } from "../entity/facts";
import { History } from "../entity/history";
import { Impact } from "../entity/impact";
import { Neighbours } from "../entity/neighbours";
import { Report } from "../entity/report";
import { ask } from "../graphql";
import { KINDS, KindMark, lineagePath, Name, runPath } from "../shown";
import { Busy, Failed } from "../states";

export function EntityPage() {
  const { "*": arn = "" } = useParams();
  const [address] = useSearchParams();
  const asOf = address.get("asOf");
  const found = useQuery({
    queryKey: ["entity", arn, asOf],
    queryFn: ({ signal }) => ask(ENTITY, { arn, asOf }, signal),
  });
  if (found.isPending) {
    return <Busy what="the entity" />;
  }
  if (found.isError || found.data.entity === null) {
    return (
      <Failed error={found.error ?? new Error("it is not there at this time")} again={() => void found.refetch()} />
    );
  }
  const entity = found.data.entity;
  return (
    <article className="page">
      <title>{`${entity.name} · Stemma`}</title>
      <header>
        <p className="small">
          <KindMark kind={entity.kind} /> {KINDS[entity.kind]}
          {entity.type && ` · ${entity.type}`}
        </p>
        <h1>
          <Name>{entity.name}</Name>
        </h1>
        {entity.description && (
          <p>
            <bdi>{entity.description}</bdi>
          </p>
        )}
        <p className="actions">
          <Link className="button primary" to={lineagePath(`+arn:${entity.arn}+`)}>
            Lineage
          </Link>
          <Link className="button" to={lineagePath(`+arn:${entity.arn}`)}>
            What it came from
          </Link>
          <Link className="button" to={lineagePath(`arn:${entity.arn}+`)}>
            What it touches
          </Link>
          {entity.type === "SageMakerProcessingJob" && (
            <Link className="button" to={runPath(entity.arn)}>
              What it found
            </Link>
          )}
          <Report arn={entity.arn} asOf={asOf} />
        </p>
      </header>
      <div className="columns">
        <Facts entity={entity} />
        <Impact entity={entity} deployments={found.data.deployments.nodes} />
        <Pairs title="Tags" pairs={entity.tags} />
        <Pairs title="Properties" pairs={entity.properties} />
        {"parameters" in entity && (
          <Pairs
            title="Parameters"
            pairs={entity.parameters.map(({ key, number, string }) => ({ key, value: string ?? String(number) }))}
          />
        )}
        {"metrics" in entity && (
          <Pairs title="Metrics" pairs={entity.metrics.map(({ name, last }) => ({ key: name, value: String(last) }))} />
        )}
        <Neighbours
          title="Came from"
          rows={entity.causes.nodes.map((edge) => [edge.association, edge.sourceEntity])}
          more={entity.causes.pageInfo.hasNextPage ? `1+arn:${entity.arn}` : null}
        />
        <Neighbours
          title="Leads to"
          rows={entity.effects.nodes.map((edge) => [edge.association, edge.destinationEntity])}
          more={entity.effects.pageInfo.hasNextPage ? `arn:${entity.arn}+1` : null}
        />
      </div>
      <History arn={entity.arn} />
      <details className="card">
        <summary>Raw JSON</summary>
        <pre>{JSON.stringify({ ...entity, impact: undefined }, null, 2)}</pre>
      </details>
    </article>
  );
}
