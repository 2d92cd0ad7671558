/** A picture of numbers: drawn by the service as in its reports, with its numbers as a table and as files. */
import { useState } from "react";
import { png, rows, save } from "../files";
import { keyed } from "../shown";
import { useDark } from "../theme";
import { address, darkened, sizeOf, standalone } from "./colours";
import type { Figure, Table } from "./parts";

export function Chart({ figure }: { figure: Figure }) {
  const dark = useDark();
  const [asTable, setAsTable] = useState(false);
  const { width, height } = sizeOf(figure.svg);
  const shown = dark ? darkened(figure.svg) : figure.svg;
  return (
    <figure className={width > 500 ? "chart broad" : "chart"}>
      {asTable && figure.table ? (
        <Rows table={figure.table} />
      ) : (
        <img src={address(shown)} alt={figure.alt} width={width} height={height} />
      )}
      <figcaption>
        <bdi className="grow">{figure.caption}</bdi>
        {figure.table && (
          <button type="button" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            Table<span className="unseen"> of {figure.caption}</span>
          </button>
        )}
        <SaveChart figure={figure} />
      </figcaption>
    </figure>
  );
}

function SaveChart({ figure }: { figure: Figure }) {
  const [problem, setProblem] = useState("");
  const name = figure.caption.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "chart";
  async function as(form: string) {
    setProblem("");
    const picture = standalone(figure.svg);
    try {
      if (form === "svg") {
        save(picture, `${name}.svg`, "image/svg+xml");
      } else if (form === "png") {
        const { width, height } = sizeOf(figure.svg);
        save(await png(picture, width, height), `${name}.png`, "image/png");
      } else if (form === "csv" && figure.table) {
        save(rows([figure.table.columns, ...figure.table.rows]), `${name}.csv`, "text/csv");
      } else if (form === "json" && figure.table) {
        const { caption, columns, rows: lines } = figure.table;
        save(`${JSON.stringify({ caption, columns, rows: lines }, null, 2)}\n`, `${name}.json`, "application/json");
      }
    } catch (error) {
      setProblem(error instanceof Error ? error.message : "it can't be saved");
    }
  }
  return (
    <>
      <select value="" aria-label={`Save ${figure.caption}`} onChange={(event) => void as(event.target.value)}>
        <option value="">Save as …</option>
        <option value="svg">SVG picture</option>
        <option value="png">PNG picture</option>
        {figure.table && <option value="csv">CSV</option>}
        {figure.table && <option value="json">JSON</option>}
      </select>
      {problem && <span role="alert">{problem}</span>}
    </>
  );
}

/** A table of texts; what is wider than the page is scrolled, also with the keyboard. */
export function Rows({ table }: { table: Table }) {
  return (
    <div className="scroll">
      <table>
        {table.caption && (
          <caption>
            <bdi>{table.caption}</bdi>
          </caption>
        )}
        <thead>
          <tr>
            {keyed(table.columns).map(({ key, item }) => (
              <th key={key} scope="col" className={table.numeric[Number(key)] ? "number" : ""}>
                <bdi>{item}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {keyed(table.rows).map(({ key, item: row }) => (
            <tr key={key}>
              {keyed(row).map(({ key: place, item: text }) => {
                const Cell = place === "0" ? "th" : "td";
                return (
                  <Cell
                    key={place}
                    scope={place === "0" ? "row" : undefined}
                    className={table.numeric[Number(place)] ? "number" : ""}
                  >
                    <bdi>{text}</bdi>
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {table.hidden > 0 && <p className="small">{table.hidden} more rows stand in the run's files.</p>}
    </div>
  );
}
