/** Everything about one entity. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ask, graphql, type ResultOf } from "../graphql";
import { EntityLink, KINDS, KindMark, lineagePath, Name, Time, word } from "../shown";
import { Busy, Empty, Failed } from "../states";

const ENTITY = graphql(`
  query Entity($arn: ID!, $asOf: DateTime) {
    entity(arn: $arn, asOf: $asOf) {
      __typename
      arn resourceArn kind type name description owners createdAt modifiedAt deleted
      createdBy { id } modifiedBy { id }
      tags { key value }
      properties { key value }
      metadata { commitId repository generatedBy projectId }
      ... on Artifact { uri: sourceUri sourceTypes { type value } }
      ... on Action { status statusMessage sourceUri startedAt endedAt }
      ... on Context { sourceUri }
      ... on TrialComponent {
        status statusMessage startedAt endedAt
        parameters { key number string }
        metrics { name last minimum maximum count }
      }
      causes: associations(direction: ASCENDANTS, first: 25) {
        nodes { association validFrom validTo sourceEntity { arn kind type name } }
        pageInfo { hasNextPage }
      }
      effects: associations(direction: DESCENDANTS, first: 25) {
        nodes { association validFrom validTo destinationEntity { arn kind type name } }
        pageInfo { hasNextPage }
      }
      impact: lineage(direction: DESCENDANTS, limit: 2000) {
        nodes { kind type }
        truncated
      }
    }
  }
`);

const HISTORY = graphql(`
  query History($arn: ID!, $after: String) {
    entity(arn: $arn) {
      history(first: 20, after: $after) {
        nodes {
          sequence recordedAt validFrom operation door before after
          actor { id }
          proof { leaf digest }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

type Entity = NonNullable<ResultOf<typeof ENTITY>["entity"]>;

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
        </p>
      </header>
      <div className="columns">
        <Facts entity={entity} />
        <Impact entity={entity} />
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

function Facts({ entity }: { entity: Entity }) {
  const rows: [string, ReactNode][] = [
    ["ARN", <code key="arn">{entity.arn}</code>],
    ["Resource ARN", entity.resourceArn && <code key="resource">{entity.resourceArn}</code>],
    [
      "Source",
      ("uri" in entity || ("sourceUri" in entity && entity.sourceUri)) && (
        <bdi key="source">{("uri" in entity && entity.uri) || ("sourceUri" in entity && entity.sourceUri)}</bdi>
      ),
    ],
    [
      "Content",
      "sourceTypes" in entity &&
        entity.sourceTypes.length > 0 &&
        entity.sourceTypes.map((each) => <code key={each.type}>{`${each.type} ${each.value}`}</code>),
    ],
    ["Owners", entity.owners.join(", ")],
    ["Status", "status" in entity && entity.status && word(entity.status)],
    ["Message", "statusMessage" in entity && entity.statusMessage],
    ["Started", "startedAt" in entity && entity.startedAt && <Time key="started" at={entity.startedAt} />],
    ["Ended", "endedAt" in entity && entity.endedAt && <Time key="ended" at={entity.endedAt} />],
    ["Commit", entity.metadata?.commitId],
    ["Repository", entity.metadata?.repository],
    [
      "Created",
      <span key="created">
        <Time at={entity.createdAt} /> by <bdi>{entity.createdBy.id}</bdi>
      </span>,
    ],
    [
      "Changed",
      entity.modifiedAt !== entity.createdAt && (
        <span key="changed">
          <Time at={entity.modifiedAt} /> by <bdi>{entity.modifiedBy.id}</bdi>
        </span>
      ),
    ],
  ];
  return (
    <section className="card" aria-labelledby="facts">
      <h2 id="facts">About</h2>
      <dl>
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Impact({ entity }: { entity: Entity }) {
  const counts = new Map<string, number>();
  for (const node of entity.impact.nodes.slice(1)) {
    const type = node.type ?? KINDS[node.kind];
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return (
    <section className="card" aria-labelledby="impact">
      <h2 id="impact">What it touches</h2>
      {counts.size === 0 ? (
        <Empty>Nothing came from it.</Empty>
      ) : (
        <ul className="counts">
          {[...counts].map(([type, count]) => (
            <li key={type}>
              <Link to={lineagePath(`arn:${entity.arn}+ and type:"${type}"`)}>
                <strong>{count}</strong> <Name>{type}</Name>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {entity.impact.truncated && <p className="small">Counted as far as 2,000 entities; there are more.</p>}
    </section>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: { key: string; value: string }[] }) {
  if (pairs.length === 0) {
    return null;
  }
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      <dl>
        {pairs.map(({ key, value }) => (
          <div key={key}>
            <dt>
              <bdi>{key}</bdi>
            </dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

type Other = { arn: string; kind: Entity["kind"]; type: string | null; name: string } | null;

function Neighbours({ title, rows, more }: { title: string; rows: [string, Other][]; more: string | null }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <Empty>Nothing is recorded.</Empty>
      ) : (
        <ul className="plain">
          {rows.map(
            ([association, other]) =>
              other && (
                <li key={association + other.arn}>
                  <EntityLink arn={other.arn} name={other.name} kind={other.kind} />{" "}
                  <span className="small">
                    {word(association)} · {other.type ?? KINDS[other.kind]}
                  </span>
                </li>
              ),
          )}
        </ul>
      )}
      {more && <Link to={lineagePath(more)}>All of them</Link>}
    </section>
  );
}

function History({ arn }: { arn: string }) {
  const found = useInfiniteQuery({
    queryKey: ["history", arn],
    queryFn: ({ pageParam, signal }) => ask(HISTORY, { arn, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) =>
      last.entity?.history.pageInfo.hasNextPage ? last.entity.history.pageInfo.endCursor : null,
  });
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">History</h2>
      {found.isPending && <Busy what="the history" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      <ol className="history">
        {found.data?.pages
          .flatMap((page) => page.entity?.history.nodes ?? [])
          .map((change) => (
            <li key={`${change.sequence}/${change.proof.leaf}`}>
              <p>
                <strong>{word(change.operation)}</strong> <Time at={change.recordedAt} /> by{" "}
                <bdi>{change.actor.id}</bdi> through {change.door}
                {change.validFrom.slice(0, 19) !== change.recordedAt.slice(0, 19) && (
                  <>
                    , true from <Time at={change.validFrom} />
                  </>
                )}
              </p>
              <Difference before={change.before} after={change.after} />
              <p className="small">
                Ledger entry {change.sequence}, leaf {change.proof.leaf}:{" "}
                <code>{change.proof.digest.slice(0, 16)}…</code>
              </p>
            </li>
          ))}
      </ol>
      {found.hasNextPage && (
        <button type="button" onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
          Earlier changes
        </button>
      )}
    </section>
  );
}

function Difference({ before, after }: { before: unknown; after: unknown }) {
  const old = (before ?? {}) as Record<string, unknown>;
  const now = (after ?? {}) as Record<string, unknown>;
  if (before === null || after === null) {
    return null;
  }
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (key) => key !== "modified_at" && key !== "modified_by" && JSON.stringify(old[key]) !== JSON.stringify(now[key]),
  );
  return (
    <dl className="difference">
      {keys.map((key) => (
        <div key={key}>
          <dt>{word(key)}</dt>
          <dd>
            {old[key] !== undefined && <del>{said(old[key])}</del>}{" "}
            {now[key] !== undefined && <ins>{said(now[key])}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function said(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
