/** The picture of up to a thousand entities: each can be focused, looked at and followed. */
import {
  Background,
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  MiniMap,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { memo, useEffect, useMemo, useState } from "react";
import { KINDS, KindMark, Name, word } from "../shown";
import { type Difference, type Differences, family, type LineageNode, line, type Picturable, trail } from "./data";
import { NODE_HEIGHT, NODE_WIDTH } from "./sizes";

type Drawn = Node<{ node: LineageNode; faded: boolean; chosen: boolean; difference: Difference }, "entity">;
type Line = Edge<{ path: string }, "association">;

const Entity = memo(function Entity({ data }: NodeProps<Drawn>) {
  const { node, faded, chosen, difference } = data;
  return (
    <div
      className={`node ${node.kind.toLowerCase()} ${difference.toLowerCase()}${faded ? " faded" : ""}${chosen ? " chosen" : ""}`}
    >
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <Handle type="source" position={Position.Right} isConnectable={false} />
      <KindMark kind={node.kind} />
      <span className="texts">
        <Name>{node.name}</Name>
        <span className="small">
          {difference !== "SAME" && <strong>{word(difference)} · </strong>}
          {node.type ?? KINDS[node.kind]}
        </span>
      </span>
    </div>
  );
});

const Association = memo(function Association({ data, markerEnd }: EdgeProps<Line>) {
  return <BaseEdge path={data?.path ?? ""} {...(markerEnd === undefined ? {} : { markerEnd })} />;
});

const NODE_TYPES = { entity: Entity };
const EDGE_TYPES = { association: Association };

interface Props {
  selected: Picturable;
  differences?: Differences;
  /** What is lit up while nothing is hovered: the entities of a path. */
  path?: ReadonlySet<string> | null;
  chosen: string | null;
  choose: (arn: string | null) => void;
}

export function Picture({ selected, differences, path = null, chosen, choose }: Props) {
  const [hovered, setHovered] = useState<string | null>(null);
  const [flow, setFlow] = useState<ReactFlowInstance<Drawn, Line> | null>(null);
  useEffect(() => {
    // All of it, whenever there is another picture; what the layout says is known before any node is measured.
    const { width, height } = selected.layout;
    void flow?.fitBounds({ x: 0, y: 0, width, height }, { padding: 0.04 });
  }, [flow, selected]);
  const near = useMemo(() => {
    const lit = hovered ?? chosen;
    return hovered === null && path !== null ? path : lit === null ? null : family(selected.edges, lit);
  }, [selected, hovered, chosen, path]);
  const nodes = useMemo<Drawn[]>(
    () =>
      selected.nodes.map((node, index) => ({
        id: node.arn,
        type: "entity",
        position: {
          x: (selected.layout.x[index] ?? 0) - NODE_WIDTH / 2,
          y: (selected.layout.y[index] ?? 0) - NODE_HEIGHT / 2,
        },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        sourcePosition: Position.Right,
        targetPosition: Position.Left,
        data: {
          node,
          faded: near !== null && !near.has(node.arn),
          chosen: node.arn === chosen,
          difference: differences?.nodes[index] ?? "SAME",
        },
        ariaLabel: `${node.name}, ${node.type ?? KINDS[node.kind]}`,
      })),
    [selected, differences, near, chosen],
  );
  const edges = useMemo<Line[]>(() => {
    const places = new Map(selected.nodes.map((node, index) => [node.arn, index]));
    return selected.edges.flatMap((edge, index) => {
      const source = places.get(edge.source);
      const destination = places.get(edge.destination);
      if (source === undefined || destination === undefined) {
        return [];
      }
      const shown = near === null || (near.has(edge.source) && near.has(edge.destination));
      return [
        {
          id: `${edge.source} ${edge.association} ${edge.destination}`,
          type: "association" as const,
          source: edge.source,
          target: edge.destination,
          className: `association ${(differences?.edges[index] ?? "SAME").toLowerCase()}${shown ? "" : " faded"}${near !== null && shown ? " lit" : ""}`,
          markerEnd: "arrow",
          ariaLabel: word(edge.association),
          data: { path: line(trail(selected.layout, index, source, destination, NODE_WIDTH / 2)) },
        },
      ];
    });
  }, [selected, differences, near]);
  return (
    <section
      className="picture"
      onKeyDown={(event) => {
        const arn = event.target instanceof HTMLElement ? event.target.dataset.id : undefined;
        if (arn !== undefined && (event.key === "Enter" || event.key === " ")) {
          choose(arn);
        }
      }}
      aria-label={`Lineage picture of ${selected.nodes.length} entities`}
    >
      <svg className="definitions" aria-hidden="true">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0,0 8,4 0,8z" />
          </marker>
        </defs>
      </svg>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onInit={setFlow}
        minZoom={0.05}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        proOptions={{ hideAttribution: false }}
        onNodeMouseEnter={(_, node) => setHovered(node.id)}
        onNodeMouseLeave={() => setHovered(null)}
        onNodeClick={(_, node) => choose(node.id)}
        onPaneClick={() => choose(null)}
      >
        <Background />
        <MiniMap pannable zoomable nodeColor="var(--line-strong)" ariaLabel="Overview of the picture" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}
