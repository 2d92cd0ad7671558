/** Files that the browser makes and saves: cells of CSV, pictures as PNG. */
const FORMULA = /^[=+\-@\t\r]/;

/** A cell that no spreadsheet takes for a formula (OWASP, CSV injection). */
export function cell(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lines of a CSV file. */
export function rows(lines: readonly (readonly (string | number | null)[])[]): string {
  return `${lines.map((each) => each.map(cell).join(",")).join("\n")}\n`;
}

/** The SVG drawn into a PNG; at most 16 million points, so that every browser can. */
export async function png(source: string, width: number, height: number): Promise<Blob> {
  const scale = Math.min(2, Math.sqrt(16e6 / (width * height)));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(width * scale);
  canvas.height = Math.ceil(height * scale);
  const pen = canvas.getContext("2d");
  if (pen === null) {
    throw new Error("this browser draws no pictures");
  }
  pen.scale(scale, scale);
  pen.drawImage(image, 0, 0);
  return new Promise((done, fail) =>
    canvas.toBlob((blob) => (blob === null ? fail(new Error("the picture is too large")) : done(blob)), "image/png"),
  );
}

export function save(content: string | Blob, name: string, type: string): void {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
