/** The lineage that is shown: what the service selected, and what follows from it in the browser. */
import { graphql, type ResultOf } from "../graphql";

export const SELECT = graphql(`
  query Select($query: String!, $asOf: DateTime, $knownAt: DateTime, $limit: Int!) {
    select(query: $query, asOf: $asOf, knownAt: $knownAt, limit: $limit) {
      nodes { arn kind type name depth createdAt }
      edges { source destination association validFrom validTo }
      layout { width height x y bends }
      total truncated asOf knownAt knownAtSequence
    }
  }
`);

export const DIFF = graphql(`
  query Diff($query: String!, $from: DateTime!, $to: DateTime, $limit: Int!) {
    diff(query: $query, from: $from, to: $to, limit: $limit) {
      nodes { arn kind type name depth createdAt }
      edges { source destination association validFrom validTo }
      layout { width height x y bends }
      nodeDifferences edgeDifferences
      truncated from to
    }
  }
`);

export const PATH = graphql(`
  query Path($start: ID!, $end: ID!, $asOf: DateTime, $knownAt: DateTime) {
    down: path(from: $start, to: $end, direction: DESCENDANTS, asOf: $asOf, knownAt: $knownAt) {
      nodes { arn kind name }
      edges { source destination association }
    }
    up: path(from: $start, to: $end, direction: ASCENDANTS, asOf: $asOf, knownAt: $knownAt) {
      nodes { arn kind name }
      edges { source destination association }
    }
    either: path(from: $start, to: $end, direction: CONNECTED, asOf: $asOf, knownAt: $knownAt) {
      nodes { arn kind name }
      edges { source destination association }
    }
  }
`);

export type Picturable = Pick<ResultOf<typeof SELECT>["select"], "nodes" | "edges" | "layout">;
export type Compared = ResultOf<typeof DIFF>["diff"];
export type Difference = Compared["nodeDifferences"][number];

/** What became of each node and edge, in their order; of a lineage at one moment there is none. */
export interface Differences {
  nodes: readonly Difference[];
  edges: readonly Difference[];
}

export type Selected = ResultOf<typeof SELECT>["select"];
export type LineageNode = Selected["nodes"][number];
export type LineageEdge = Selected["edges"][number];

/** Everything upstream or downstream of a node among the edges, itself included. */
export function cone(edges: readonly LineageEdge[], start: string, way: "up" | "down"): Set<string> {
  const following = new Map<string, string[]>();
  for (const edge of edges) {
    const [from, to] = way === "down" ? [edge.source, edge.destination] : [edge.destination, edge.source];
    const known = following.get(from);
    if (known === undefined) {
      following.set(from, [to]);
    } else {
      known.push(to);
    }
  }
  const met = new Set([start]);
  const waiting = [start];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const next of following.get(at) ?? []) {
      if (!met.has(next)) {
        met.add(next);
        waiting.push(next);
      }
    }
  }
  return met;
}

/** A node with all that it came from and all that it touches. */
export function family(edges: readonly LineageEdge[], arn: string): Set<string> {
  return new Set([...cone(edges, arn, "up"), ...cone(edges, arn, "down")]);
}

/** A smooth line from left to right through the points. */
export function line(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points;
  if (first === undefined) {
    return "";
  }
  let text = `M${first[0]},${first[1]}`;
  let [x, y] = first;
  for (const [nextX, nextY] of rest) {
    const bend = (nextX - x) / 2;
    text += ` C${x + bend},${y} ${nextX - bend},${nextY} ${nextX},${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return text;
}

/** The points of an edge, from the right side of its source to the left side of its destination. */
export function trail(
  layout: Picturable["layout"],
  edge: number,
  source: number,
  destination: number,
  half: number,
): [number, number][] {
  const bends = layout.bends[edge] ?? [];
  const [fromX = 0, fromY = 0, toX = 0, toY = 0] = [
    layout.x[source],
    layout.y[source],
    layout.x[destination],
    layout.y[destination],
  ];
  const forward = fromX <= toX ? 1 : -1;
  const points: [number, number][] = [[fromX + half * forward, fromY]];
  for (let at = 0; at + 1 < bends.length; at += 2) {
    points.push([bends[at] ?? 0, bends[at + 1] ?? 0]);
  }
  points.push([toX - half * forward, toY]);
  return points;
}
