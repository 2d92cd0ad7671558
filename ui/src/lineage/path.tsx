/** The way from one entity to another, as steps that can be read; the picture shows them, too. */
import { useQuery } from "@tanstack/react-query";
import { ask } from "../graphql";
import { EntityLink, word } from "../shown";
import { Busy, Failed } from "../states";
import { type LineageNode, PATH } from "./data";

interface Ends {
  start: string | null;
  end: string | null;
  asOf: string | null;
  knownAt: string | null;
}

/** A shortest path between two entities: with the associations if there is one, else against them, else either way. */
export function usePath({ start, end, asOf, knownAt }: Ends) {
  return useQuery({
    queryKey: ["path", start, end, asOf, knownAt],
    queryFn: async ({ signal }) => {
      const { down, up, either } = await ask(PATH, { start: start ?? "", end: end ?? "", asOf, knownAt }, signal);
      return down ?? up ?? either;
    },
    enabled: start !== null && end !== null && start !== end,
  });
}

interface Props {
  found: ReturnType<typeof usePath>;
  start: string;
  node: LineageNode;
  leave: () => void;
}

export function Path({ found, start, node, leave }: Props) {
  return (
    <section aria-label="Path" className="steps">
      <h3>Path</h3>
      {start === node.arn ? (
        <p>It starts here. Choose the entity that it should lead to.</p>
      ) : (
        <>
          {found.isPending && <Busy what="the path" />}
          {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
          {found.isSuccess && found.data === null && <p>Nothing connects the two at this time.</p>}
          {found.data && (
            <ol>
              {found.data.nodes.map((each, index) => {
                const before = found.data?.nodes[index - 1];
                const edge = found.data?.edges.find(({ source, destination }) =>
                  [source, destination].every((arn) => arn === each.arn || arn === before?.arn),
                );
                return (
                  <li key={each.arn}>
                    {edge && (
                      <span className="small">
                        {word(edge.association)} {edge.source === each.arn ? "←" : "→"}{" "}
                      </span>
                    )}
                    <EntityLink arn={each.arn} name={each.name} kind={each.kind} />
                  </li>
                );
              })}
            </ol>
          )}
        </>
      )}
      <button type="button" onClick={leave}>
        Leave the path
      </button>
    </section>
  );
}
