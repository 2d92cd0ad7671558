/** A selection at two moments. */
import type { ReactNode } from "react";
import { EntityLink, KINDS, Time, word } from "../shown";
import type { Compared } from "./data";
import { Overview } from "./overview";
import { Picture } from "./picture";
import { ELEMENTS } from "./sizes";

/** What was added, removed and changed from one moment to another. */
export function Comparison({
  compared,
  chosen,
  choose,
  children,
}: {
  compared: Compared;
  chosen: string | null;
  choose: (arn: string | null) => void;
  children: ReactNode;
}) {
  const count = (difference: string) => compared.nodeDifferences.filter((each) => each === difference).length;
  const differing = compared.nodes.flatMap((node, index) => {
    const difference = compared.nodeDifferences[index];
    return difference === undefined || difference === "SAME" ? [] : [{ node, difference }];
  });
  return (
    <>
      <div className="bar">
        <p role="status" className={compared.truncated ? "cut" : ""}>
          {compared.truncated && "Cut: there is more at one of the two times than is compared. "}
          {count("ADDED")} added, {count("REMOVED")} removed, {count("CHANGED")} changed from{" "}
          <Time at={compared.from} /> to <Time at={compared.to} />
        </p>
      </div>
      <div className="stage">
        {compared.nodes.length <= ELEMENTS ? (
          <Picture
            selected={compared}
            differences={{ nodes: compared.nodeDifferences, edges: compared.edgeDifferences }}
            chosen={chosen}
            choose={choose}
          />
        ) : (
          <Overview selected={compared} chosen={chosen} choose={choose} />
        )}
        {children}
      </div>
      <div className="tables">
        <div className="scroll card">
          <table>
            <caption>What differs</caption>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Type</th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {differing.map(({ node, difference }) => (
                <tr key={node.arn}>
                  <th scope="row">
                    <EntityLink arn={node.arn} name={node.name} kind={node.kind} />
                  </th>
                  <td>{node.type ?? KINDS[node.kind]}</td>
                  <td>{word(difference)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </>
  );
}
