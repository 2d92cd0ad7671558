/** What is known of an entity, as lists of terms. */
import type { ReactNode } from "react";
import { Time, word } from "../shown";
import type { Entity } from "./data";

export function Facts({ entity }: { entity: Entity }) {
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

export function Pairs({ title, pairs }: { title: string; pairs: { key: string; value: string }[] }) {
  if (pairs.length === 0) {
    return null;
  }
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      <dl>
        {pairs.map(({ key, value }) => (
          <Term key={key} name={key} value={value} />
        ))}
      </dl>
    </section>
  );
}

/** A name and its value, texts of users', in a list of facts. */
export function Term({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>
        <bdi>{name}</bdi>
      </dt>
      <dd>
        <bdi>{value}</bdi>
      </dd>
    </div>
  );
}
