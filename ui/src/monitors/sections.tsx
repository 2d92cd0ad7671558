/** What was measured, section by section. */
import { Chart, Rows } from "../charts/figure";
import { keyed } from "../shown";
import type { RunFound } from "./run_data";

type Section = RunFound["sections"][number];
type Part = Section["parts"][number] | RunFound["notices"][number];

const TONES: Record<string, string> = { good: "approved", bad: "rejected" };

export function Sections({ sections }: { sections: readonly Section[] }) {
  return keyed(sections).map(({ key, item: section }) => {
    const Heading = section.level === 1 ? "h2" : "h3";
    const id = `section-${key}`;
    return (
      <section key={id} className={section.level === 1 ? "card" : "card inner"} aria-labelledby={id}>
        <Heading id={id}>
          <bdi>{section.heading}</bdi>
        </Heading>
        <Parts parts={section.parts} />
      </section>
    );
  });
}

export function Parts({ parts }: { parts: readonly Part[] }) {
  return (
    <div className="parts">
      {keyed(parts).map(({ key, item: part }) => {
        if (part.__typename === "DocumentFigure" && "svg" in part) {
          return <Chart key={key} figure={part} />;
        }
        if (part.__typename === "DocumentTable" && "rows" in part) {
          return <Rows key={key} table={part} />;
        }
        if (part.__typename === "DocumentText" && "text" in part) {
          return (
            <p key={key} className={part.tone === null ? "" : "cut"}>
              {part.title && <strong className={TONES[part.tone ?? ""] ?? ""}>{part.title}. </strong>}
              <bdi>{part.text}</bdi>
            </p>
          );
        }
        return null;
      })}
    </div>
  );
}
