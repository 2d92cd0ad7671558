/** The model groups. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { ask } from "../graphql";
import { Approval } from "../registry/approval";
import { Collections } from "../registry/collections";
import { GROUPS, nameOf } from "../registry/data";
import { Name, Time } from "../shown";
import { Busy, Empty, Failed, More } from "../states";

export function RegistryPage() {
  const [contains, setContains] = useState("");
  const found = useInfiniteQuery({
    queryKey: ["groups", contains],
    queryFn: ({ pageParam, signal }) => ask(GROUPS, { contains: contains || null, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.modelGroups.pageInfo.hasNextPage ? last.modelGroups.pageInfo.endCursor : null),
  });
  const groups = found.data?.pages.flatMap((page) => page.modelGroups.nodes) ?? [];
  return (
    <div className="page">
      <title>Registry · Stemma</title>
      <h1>Model registry</h1>
      <Collections />
      <label className="inline">
        Name contains
        <input value={contains} onChange={(event) => setContains(event.target.value)} spellCheck={false} />
      </label>
      {found.isPending && <Busy what="the model groups" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && groups.length === 0 && (
        <Empty>
          {contains ? "No group has this in its name." : "No model is registered yet."}{" "}
          <code>stemma registry --help</code>
        </Empty>
      )}
      {groups.length > 0 && (
        <div className="scroll card">
          <table>
            <thead>
              <tr>
                <th scope="col">Group</th>
                <th scope="col">Latest</th>
                <th scope="col">Latest approved</th>
                <th scope="col">Aliases</th>
                <th scope="col">Since</th>
              </tr>
            </thead>
            <tbody>
              {groups.map((group) => (
                <tr key={group.arn}>
                  <th scope="row">
                    <Link to={`/registry/${nameOf(group)}`}>
                      <Name>{group.displayName}</Name>
                    </Link>
                    {group.description && (
                      <p className="small">
                        <bdi>{group.description}</bdi>
                      </p>
                    )}
                  </th>
                  <td>
                    {group.latest ? (
                      <>
                        {group.latest.version} <Approval state={group.latest.approval} />
                      </>
                    ) : (
                      "–"
                    )}
                  </td>
                  <td>{group.latestApproved?.version ?? "–"}</td>
                  <td>{group.aliases.map(({ name, version }) => `${name} → ${version}`).join(", ") || "–"}</td>
                  <td>
                    <Time at={group.createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <More of={found}>More groups</More>
    </div>
  );
}
