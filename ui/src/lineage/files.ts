/** What is shown, as a file: CSV, JSON, SVG or PNG, equal to the screen. */
import { rows } from "../files";
import { KINDS } from "../shown";
import { line, type Selected, trail } from "./data";
import { NODE_HEIGHT, NODE_WIDTH } from "./sizes";

export function nodesCsv(selected: Selected): string {
  return rows([
    ["arn", "kind", "type", "name", "depth", "createdAt"],
    ...selected.nodes.map((node) => [node.arn, node.kind, node.type, node.name, node.depth, node.createdAt]),
  ]);
}

export function edgesCsv(selected: Selected): string {
  return rows([
    ["source", "association", "destination", "validFrom", "validTo"],
    ...selected.edges.map((edge) => [edge.source, edge.association, edge.destination, edge.validFrom, edge.validTo]),
  ]);
}

export function json(selected: Selected, query: string): string {
  const { layout: _, ...rest } = selected;
  return `${JSON.stringify({ query, ...rest }, null, 2)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

const FILLS = { ARTIFACT: "#dcebe9", ACTION: "#f6e7cf", CONTEXT: "#e3e1f4", TRIAL_COMPONENT: "#f7dfe2" };

/** The picture, whole, in a form of its own that needs no style sheet. */
export function svg(selected: Selected, title: string): string {
  const { width, height, x, y } = selected.layout;
  const places = new Map(selected.nodes.map((node, index) => [node.arn, index]));
  const lines = selected.edges.flatMap((edge, index) => {
    const source = places.get(edge.source);
    const destination = places.get(edge.destination);
    return source === undefined || destination === undefined
      ? []
      : [`<path d="${line(trail(selected.layout, index, source, destination, NODE_WIDTH / 2))}"/>`];
  });
  const boxes = selected.nodes.map((node, index) => {
    const left = (x[index] ?? 0) - NODE_WIDTH / 2;
    const top = (y[index] ?? 0) - NODE_HEIGHT / 2;
    const name = node.name.length > 28 ? `${node.name.slice(0, 27)}…` : node.name;
    return (
      `<g><title>${escaped(`${node.name} ${node.arn}`)}</title>` +
      `<rect x="${left}" y="${top}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="6" fill="${FILLS[node.kind]}" stroke="#8a9694"/>` +
      `<text x="${left + 10}" y="${top + 19}" font-size="13" unicode-bidi="isolate">${escaped(name)}</text>` +
      `<text x="${left + 10}" y="${top + 36}" font-size="11" fill="#555">${escaped(node.type ?? KINDS[node.kind])}</text></g>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" role="img"><title>${escaped(title)}</title>` +
    `<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
    `<path d="M0,0 8,4 0,8z" fill="#6d7977"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>` +
    `<g fill="none" stroke="#6d7977" marker-end="url(#a)">${lines.map((each) => each.replace("<path", '<path marker-end="url(#a)"')).join("")}</g>` +
    `${boxes.join("")}</svg>\n`
  );
}
