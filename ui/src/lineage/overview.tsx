/** The picture of thousands of entities, on one canvas: it is moved and zoomed as one; a click chooses what lies there. */
import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState, type WheelEvent } from "react";
import { family, type Picturable, trail } from "./data";
import { NODE_HEIGHT, NODE_WIDTH } from "./sizes";

interface View {
  x: number;
  y: number;
  zoom: number;
}

interface Props {
  selected: Picturable;
  /** What is lit up: the entities of a path. */
  path?: ReadonlySet<string> | null;
  chosen: string | null;
  choose: (arn: string | null) => void;
}

const STEP = 60;

export function Overview({ selected, path = null, chosen, choose }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [view, setView] = useState<View | null>(null);
  const grip = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const near = useMemo(
    () => path ?? (chosen === null ? null : family(selected.edges, chosen)),
    [selected, chosen, path],
  );
  const places = useMemo(() => new Map(selected.nodes.map((node, index) => [node.arn, index])), [selected]);

  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) {
      return;
    }
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) {
        setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const fitted = useMemo<View>(() => {
    const { width, height } = selected.layout;
    const zoom = Math.min(1, size.width / Math.max(width, 1), size.height / Math.max(height, 1)) || 1;
    return { x: (size.width - width * zoom) / 2, y: (size.height - height * zoom) / 2, zoom };
  }, [selected, size]);
  const at = view ?? fitted;

  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || size.width === 0) {
      return;
    }
    const ratio = window.devicePixelRatio || 1;
    element.width = size.width * ratio;
    element.height = size.height * ratio;
    const colours = getComputedStyle(element);
    const colour = (name: string) => colours.getPropertyValue(name).trim();
    pen.setTransform(ratio * at.zoom, 0, 0, ratio * at.zoom, ratio * at.x, ratio * at.y);
    pen.lineWidth = Math.min(4, 1 / at.zoom);
    const { x, y } = selected.layout;
    for (const lit of near === null ? [false] : [false, true]) {
      pen.beginPath();
      selected.edges.forEach((edge, index) => {
        if (Boolean(near?.has(edge.source) && near.has(edge.destination)) !== lit) {
          return;
        }
        const source = places.get(edge.source);
        const destination = places.get(edge.destination);
        if (source === undefined || destination === undefined) {
          return;
        }
        trail(selected.layout, index, source, destination, NODE_WIDTH / 2).forEach(([px, py], place) => {
          if (place === 0) {
            pen.moveTo(px, py);
          } else {
            pen.lineTo(px, py);
          }
        });
      });
      pen.strokeStyle = colour(lit ? "--accent" : "--line");
      pen.stroke();
    }
    const named = at.zoom > 0.45;
    pen.font = "13px system-ui, sans-serif";
    pen.textBaseline = "middle";
    selected.nodes.forEach((node, index) => {
      const left = (x[index] ?? 0) - NODE_WIDTH / 2;
      const top = (y[index] ?? 0) - NODE_HEIGHT / 2;
      pen.globalAlpha = near === null || near.has(node.arn) ? 1 : 0.3;
      pen.fillStyle = colour(`--${node.kind.toLowerCase().replace("_", "-")}`);
      pen.fillRect(left, top, NODE_WIDTH, NODE_HEIGHT);
      if (named) {
        pen.fillStyle = colour("--node-text");
        pen.fillText(node.name.slice(0, 26), left + 8, top + NODE_HEIGHT / 2, NODE_WIDTH - 16);
      }
      if (node.arn === chosen) {
        pen.strokeStyle = colour("--text");
        pen.lineWidth = 3 / at.zoom;
        pen.strokeRect(left, top, NODE_WIDTH, NODE_HEIGHT);
      }
    });
    pen.globalAlpha = 1;
  }, [selected, near, places, size, at, chosen]);

  const zoomBy = useCallback(
    (factor: number, x: number, y: number) =>
      setView((before) => {
        const old = before ?? fitted;
        const zoom = Math.min(3, Math.max(0.01, old.zoom * factor));
        const real = zoom / old.zoom;
        return { zoom, x: x - (x - old.x) * real, y: y - (y - old.y) * real };
      }),
    [fitted],
  );

  function moveBy(dx: number, dy: number) {
    setView((before) => {
      const old = before ?? fitted;
      return { ...old, x: old.x + dx, y: old.y + dy };
    });
  }

  function key(event: React.KeyboardEvent) {
    const ways: Record<string, [number, number]> = {
      ArrowLeft: [STEP, 0],
      ArrowRight: [-STEP, 0],
      ArrowUp: [0, STEP],
      ArrowDown: [0, -STEP],
    };
    const way = ways[event.key];
    if (way !== undefined) {
      moveBy(...way);
    } else if (event.key === "+" || event.key === "-") {
      zoomBy(event.key === "+" ? 1.3 : 1 / 1.3, size.width / 2, size.height / 2);
    } else if (event.key === "0") {
      setView(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  function release(event: PointerEvent<HTMLCanvasElement>) {
    const held = grip.current;
    grip.current = null;
    if (held === null || held.moved) {
      return;
    }
    const box = event.currentTarget.getBoundingClientRect();
    const px = (event.clientX - box.left - at.x) / at.zoom;
    const py = (event.clientY - box.top - at.y) / at.zoom;
    const hit = selected.nodes.find(
      (_, index) =>
        Math.abs((selected.layout.x[index] ?? 0) - px) <= NODE_WIDTH / 2 &&
        Math.abs((selected.layout.y[index] ?? 0) - py) <= NODE_HEIGHT / 2,
    );
    choose(hit?.arn ?? null);
  }

  return (
    <section className="picture" aria-label={`Overview of ${selected.nodes.length} entities`}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${selected.nodes.length} entities and ${selected.edges.length} associations. Arrow keys move the picture, plus and minus zoom, 0 shows all of it; the table lists everything.`}
        onKeyDown={key}
        onWheel={(event: WheelEvent<HTMLCanvasElement>) => {
          const box = event.currentTarget.getBoundingClientRect();
          zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15, event.clientX - box.left, event.clientY - box.top);
        }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          grip.current = { x: event.clientX, y: event.clientY, moved: false };
        }}
        onPointerMove={(event) => {
          const held = grip.current;
          if (held === null) {
            return;
          }
          const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
          if (held.moved || Math.abs(dx) + Math.abs(dy) > 3) {
            grip.current = { x: event.clientX, y: event.clientY, moved: true };
            moveBy(dx, dy);
          }
        }}
        onPointerUp={release}
      />
    </section>
  );
}
