/** Parts of documents as the service sends them. */
export interface Table {
  caption: string;
  columns: string[];
  rows: string[][];
  numeric: boolean[];
  hidden: number;
}

export interface Figure {
  svg: string;
  alt: string;
  caption: string;
  table: Table | null;
}
