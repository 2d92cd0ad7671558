/** What an entity touches: what of it runs and whose that is, and how many of what. */
import { Link } from "react-router";
import { EntityLink, KINDS, lineagePath, Name } from "../shown";
import { Empty } from "../states";
import type { Deployments, Entity } from "./data";

type Touched = Entity["impact"]["nodes"];

/** How many of each type, the most first. */
export function counted(nodes: Touched): [string, number][] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const type = node.type ?? KINDS[node.kind];
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
}

/** The deployments that have not ended. */
export function running(deployments: Deployments): Deployments {
  return deployments.filter(({ entity }) => entity && "endedAt" in entity && entity.endedAt === null);
}

export function Impact({ entity, deployments }: { entity: Entity; deployments: Deployments }) {
  const counts = counted(entity.impact.nodes.filter((node) => node.arn !== entity.arn));
  const live = running(deployments);
  return (
    <section className="card" aria-labelledby="impact">
      <h2 id="impact">What it touches</h2>
      {counts.length === 0 ? (
        <Empty>Nothing came from it.</Empty>
      ) : (
        <>
          <h3>In production</h3>
          {live.length === 0 ? (
            <p>Nothing of it runs now.</p>
          ) : (
            <ul className="plain">
              {live.map((node) => (
                <li key={node.arn}>
                  <EntityLink arn={node.arn} name={node.name} kind={node.kind} />{" "}
                  {node.entity && node.entity.owners.length > 0 && (
                    <span className="small">
                      owned by <bdi>{node.entity.owners.join(", ")}</bdi>
                    </span>
                  )}
                </li>
              ))}
            </ul>
          )}
          <h3>How many of what</h3>
          <ul className="counts">
            {counts.map(([type, count]) => (
              <li key={type}>
                <Link to={lineagePath(`arn:${entity.arn}+ and type:"${type}"`)}>
                  <strong>{count}</strong> <Name>{type}</Name>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
      {entity.impact.truncated && <p className="small">Counted as far as 2,000 entities; there are more.</p>}
    </section>
  );
}
