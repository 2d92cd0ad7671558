/** Saving what is shown as a file. */
import { useState } from "react";
import { png, save } from "../files";
import type { Selected } from "./data";
import { edgesCsv, json, nodesCsv, svg } from "./files";

export function Save({ selected, query }: { selected: Selected; query: string }) {
  const [problem, setProblem] = useState("");
  async function as(form: string) {
    setProblem("");
    const { width, height } = selected.layout;
    const picture = () => svg(selected, `Lineage: ${query}`);
    try {
      if (form === "svg") {
        save(picture(), "lineage.svg", "image/svg+xml");
      } else if (form === "png") {
        save(await png(picture(), width, height), "lineage.png", "image/png");
      } else if (form === "json") {
        save(json(selected, query), "lineage.json", "application/json");
      } else if (form === "nodes") {
        save(nodesCsv(selected), "entities.csv", "text/csv");
      } else if (form === "edges") {
        save(edgesCsv(selected), "associations.csv", "text/csv");
      }
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "it can't be saved");
    }
  }
  return (
    <>
      <select value="" aria-label="Save what is shown" onChange={(event) => void as(event.target.value)}>
        <option value="">Save as …</option>
        <option value="svg">SVG picture</option>
        <option value="png">PNG picture</option>
        <option value="nodes">CSV of entities</option>
        <option value="edges">CSV of associations</option>
        <option value="json">JSON</option>
      </select>
      {problem && <span role="alert">{problem}</span>}
    </>
  );
}
