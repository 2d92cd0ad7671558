/** The colours of the server's charts (reports/charts/axes.py) as they are in the dark. */
const DARK: Record<string, string> = {
  "#1b2733": "#e8eeec",
  "#51606f": "#a5b3b0",
  "#d5dbe1": "#33403d",
  "#ffffff": "#18211f",
  "#1f5f8b": "#79bfe8",
  "#9aa9b7": "#5f6f7d",
  "#b3261e": "#ff9d94",
  "#946200": "#f0c14b",
};

/** A chart for a dark page. Only attributes of elements are changed: texts may hold anything, but never a `<`. */
export function darkened(svg: string): string {
  return svg.replace(/<[^>]*>/g, (element) =>
    element.replace(/\b(fill|stroke)="(#[0-9a-f]{6})"/g, (whole, name: string, colour: string) => {
      const dark = DARK[colour];
      return dark === undefined ? whole : `${name}="${dark}"`;
    }),
  );
}

/** How large a chart is, in its own units. */
export function sizeOf(svg: string): { width: number; height: number } {
  const found = /viewBox="0 0 ([0-9.]+) ([0-9.]+)"/.exec(svg);
  return { width: Number(found?.[1] ?? 640), height: Number(found?.[2] ?? 320) };
}

/** The chart as a file of its own: with a size and a ground, so that every program shows it alike. */
export function standalone(svg: string): string {
  const { width, height } = sizeOf(svg);
  return svg
    .replace("<svg ", `<svg width="${width}" height="${height}" `)
    .replace("</desc>", '</desc><rect width="100%" height="100%" fill="#ffffff"/>');
}

export function address(svg: string): string {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}
