/** What an entity is associated with. */
import { Link } from "react-router";
import { EntityLink, KINDS, lineagePath, word } from "../shown";
import { Empty } from "../states";
import type { Entity } from "./data";

type Other = { arn: string; kind: Entity["kind"]; type: string | null; name: string } | null;

export function Neighbours({ title, rows, more }: { title: string; rows: [string, Other][]; more: string | null }) {
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
