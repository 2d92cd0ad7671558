/** The collections as a tree, with the model groups that belong to each. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { ask } from "../graphql";
import { Name } from "../shown";
import { Busy, Failed } from "../states";
import { COLLECTIONS, type Collection, nameOf, within } from "./data";

export function Collections() {
  const found = useQuery({ queryKey: ["collections"], queryFn: ({ signal }) => ask(COLLECTIONS, {}, signal) });
  if (found.isPending) {
    return <Busy what="the collections" />;
  }
  if (found.isError) {
    return <Failed error={found.error} again={() => void found.refetch()} />;
  }
  const { nodes, pageInfo } = found.data.collections;
  if (nodes.length === 0) {
    return null;
  }
  return (
    <section className="card" aria-labelledby="collections">
      <h2 id="collections">Collections</h2>
      <Branch all={nodes} parent={null} />
      {pageInfo.hasNextPage && <p className="small">The first 100 are shown.</p>}
    </section>
  );
}

function Branch({ all, parent }: { all: readonly Collection[]; parent: string | null }) {
  const here = within(all, parent);
  return here.length === 0 ? null : (
    <ul className="tree">
      {here.map((each) => (
        <li key={each.arn}>
          <details open={parent === null}>
            <summary>
              <Name>{each.displayName}</Name>
            </summary>
            <Branch all={all} parent={each.arn} />
            <ul className="tree">
              {each.groups.nodes.map((group) => (
                <li key={group.arn}>
                  <Link to={`/registry/${nameOf(group)}`}>
                    <Name>{group.displayName}</Name>
                  </Link>
                </li>
              ))}
            </ul>
            {each.groups.pageInfo.hasNextPage && <p className="small">The first 20 groups are shown.</p>}
            {each.groups.nodes.length === 0 && within(all, each.arn).length === 0 && <p className="small">Empty</p>}
          </details>
        </li>
      ))}
    </ul>
  );
}
