/** The chosen entity beside the picture, and where to go from it. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { entityPath, KINDS, KindMark, lineagePath, Name, Time } from "../shown";
import type { LineageNode } from "./data";

export function Drawer({
  node,
  query,
  asOf,
  startPath,
  close,
  children,
}: {
  node: LineageNode;
  query: string;
  asOf: string | null;
  /** Let a path begin at the entity; null when one has begun. */
  startPath: (() => void) | null;
  close: () => void;
  children?: ReactNode;
}) {
  const more = (text: string) => lineagePath(`(${query}) or ${text}`);
  return (
    <aside className="drawer" aria-label="Chosen entity">
      <button type="button" className="quiet close" onClick={close} aria-label="Close">
        ✕
      </button>
      <p className="small">
        <KindMark kind={node.kind} /> {KINDS[node.kind]}
        {node.type && ` · ${node.type}`}
      </p>
      <h2>
        <Name>{node.name}</Name>
      </h2>
      <p className="small">
        <code>{node.arn}</code>
      </p>
      <p className="small">
        Created <Time at={node.createdAt} />
      </p>
      <ul className="plain">
        <li>
          <Link to={`${entityPath(node.arn)}${asOf ? `?asOf=${encodeURIComponent(asOf)}` : ""}`}>All about it</Link>
        </li>
        <li>
          <Link to={more(`1+arn:${node.arn}`)}>Add what it came from</Link>
        </li>
        <li>
          <Link to={more(`arn:${node.arn}+1`)}>Add what it leads to</Link>
        </li>
        <li>
          <Link to={lineagePath(`+arn:${node.arn}+`)}>Only its own lineage</Link>
        </li>
        <li>
          <Link to={lineagePath(`(${query}) and not arn:${node.arn}`)}>Leave it out</Link>
        </li>
      </ul>
      {startPath && (
        <button type="button" onClick={startPath}>
          Start a path here
        </button>
      )}
      {children}
    </aside>
  );
}
