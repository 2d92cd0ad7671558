/** The same as the picture, to be read line by line. */
import { useMemo } from "react";
import { EntityLink, KINDS, Time, word } from "../shown";
import type { Selected } from "./data";

const SHOWN = 500;

export function LineageTable({ selected }: { selected: Selected }) {
  const names = useMemo(() => new Map(selected.nodes.map((node) => [node.arn, node])), [selected]);
  return (
    <div className="tables">
      <div className="scroll card">
        <table>
          <caption>
            Entities
            {selected.nodes.length > SHOWN && ` (the first ${SHOWN} of ${selected.nodes.length}; the CSV has all)`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Kind</th>
              <th scope="col">Type</th>
              <th scope="col">Distance</th>
              <th scope="col">Created</th>
            </tr>
          </thead>
          <tbody>
            {selected.nodes.slice(0, SHOWN).map((node) => (
              <tr key={node.arn}>
                <th scope="row">
                  <EntityLink arn={node.arn} name={node.name} kind={node.kind} />
                </th>
                <td>{KINDS[node.kind]}</td>
                <td>{node.type}</td>
                <td>{node.depth}</td>
                <td>
                  <Time at={node.createdAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="scroll card">
        <table>
          <caption>
            Associations
            {selected.edges.length > SHOWN && ` (the first ${SHOWN} of ${selected.edges.length}; the CSV has all)`}
          </caption>
          <thead>
            <tr>
              <th scope="col">From</th>
              <th scope="col">How</th>
              <th scope="col">To</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {selected.edges.slice(0, SHOWN).map((edge) => {
              const source = names.get(edge.source);
              const destination = names.get(edge.destination);
              return (
                source &&
                destination && (
                  <tr key={`${edge.source} ${edge.association} ${edge.destination}`}>
                    <td>
                      <EntityLink arn={source.arn} name={source.name} kind={source.kind} />
                    </td>
                    <td>{word(edge.association)}</td>
                    <td>
                      <EntityLink arn={destination.arn} name={destination.name} kind={destination.kind} />
                    </td>
                    <td>
                      <Time at={edge.validFrom} />
                    </td>
                  </tr>
                )
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
