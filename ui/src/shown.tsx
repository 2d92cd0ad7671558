/** Small things that many pages show: kinds, times, names, ARNs. Texts from users are text, never markup. */
import { Link } from "react-router";

export type Kind = "ARTIFACT" | "ACTION" | "CONTEXT" | "TRIAL_COMPONENT";

export const KINDS: Record<Kind, string> = {
  ARTIFACT: "Artifact",
  ACTION: "Action",
  CONTEXT: "Context",
  TRIAL_COMPONENT: "Trial component",
};

const MARKS: Record<Kind, string> = { ARTIFACT: "◆", ACTION: "▶", CONTEXT: "▢", TRIAL_COMPONENT: "●" };

export function KindMark({ kind }: { kind: Kind }) {
  return (
    <span className={`mark ${kind.toLowerCase()}`} title={KINDS[kind]}>
      <span aria-hidden="true">{MARKS[kind]}</span>
      <span className="unseen">{KINDS[kind]}</span>
    </span>
  );
}

const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** A time as this browser writes times; the exact one, in UTC, on the element. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at}>
      {SHORT.format(new Date(at))}
    </time>
  );
}

/** What turns the direction of writing around can't leave its own name: each name is isolated. */
export function Name({ children }: { children: string }) {
  return <bdi className="name">{children}</bdi>;
}

/** The page of an entity. */
export function entityPath(arn: string): string {
  return `/entity/${encodeURI(arn)}`;
}

/** The page of a monitor's run, by the ARN of its job or trial component. */
export function runPath(arn: string): string {
  return `/monitors/run/${encodeURI(arn)}`;
}

/** The runs of a monitor's schedule. */
export function schedulePath(name: string): string {
  return `/monitors?${new URLSearchParams({ schedule: name })}`;
}

export function lineagePath(query: string): string {
  return `/lineage?${new URLSearchParams({ q: query })}`;
}

export function EntityLink({ arn, name, kind }: { arn: string; name: string; kind?: Kind }) {
  return (
    <Link to={entityPath(arn)} className="entity-link">
      {kind && <KindMark kind={kind} />} <Name>{name}</Name>
    </Link>
  );
}

/** The last part of an ARN, which people recognise. */
export function shortArn(arn: string): string {
  return arn.split(":").slice(5).join(":");
}

/** Things that have no name of their own, with keys by their places, for lists that never change. */
export function keyed<T>(items: readonly T[]): { key: string; item: T }[] {
  return items.map((item, place) => ({ key: String(place), item }));
}

export function word(text: string): string {
  const lower = text.toLowerCase().replaceAll("_", " ");
  return lower.charAt(0).toUpperCase() + lower.slice(1);
}
