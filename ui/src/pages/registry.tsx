/** Models: groups, their versions and what was decided on them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { ask, graphql, type ResultOf } from "../graphql";
import { mayApprove, useSession } from "../session";
import { EntityLink, lineagePath, Name, Time, word } from "../shown";
import { Busy, Empty, Failed } from "../states";

const GROUPS = graphql(`
  query Groups($contains: String, $after: String) {
    modelGroups(contains: $contains, first: 50, after: $after) {
      nodes {
        arn resourceArn displayName description createdAt
        aliases { name version }
        latest { version approval }
        latestApproved { version }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

const GROUP = graphql(`
  query Group($group: ID!) {
    modelGroup(group: $group) {
      arn resourceArn displayName description owners createdAt
      aliases { name version }
      versions(first: 50) {
        nodes {
          arn resourceArn name version approval approvalReason description createdAt aliases
          createdBy { id }
          approvals { decision effective overridden at reason by { id } action { arn } }
          containers { image modelDataUrl }
        }
        pageInfo { hasNextPage }
      }
    }
    deployments(group: $group, first: 20) {
      nodes { action { arn name } endpoint variant versions startedAt }
    }
  }
`);

const STANDING = graphql(`
  query Standing($group: ID!, $version: String!) {
    modelVersion(group: $group, version: $version) {
      standing {
        passed missing overridden
        results { gate wanted found passed evidence { arn uri by { id } } }
        stale { text arn at }
      }
    }
  }
`);

const DECIDE = graphql(`
  mutation Decide($input: DecideInput!) {
    decide(input: $input) { sequence }
  }
`);

const ALIAS = graphql(`
  mutation Alias($input: SetAliasInput!) {
    setAlias(input: $input) { sequence }
  }
`);

type Group = NonNullable<ResultOf<typeof GROUP>["modelGroup"]>;
type Version = Group["versions"]["nodes"][number];

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
      {found.hasNextPage && (
        <button type="button" onClick={() => void found.fetchNextPage()} disabled={found.isFetchingNextPage}>
          More groups
        </button>
      )}
    </div>
  );
}

/** By what the registry knows a group. */
function nameOf(group: { resourceArn: string | null; displayName: string }): string {
  return group.resourceArn?.split("/").pop() ?? group.displayName;
}

function Approval({ state }: { state: string | null }) {
  return state === null ? null : <span className={`badge ${state.toLowerCase()}`}>{word(state)}</span>;
}

export function GroupPage() {
  const { group: name = "" } = useParams();
  const session = useSession();
  const found = useQuery({ queryKey: ["group", name], queryFn: ({ signal }) => ask(GROUP, { group: name }, signal) });
  if (found.isPending) {
    return <Busy what="the model group" />;
  }
  if (found.isError || found.data.modelGroup === null) {
    return (
      <Failed error={found.error ?? new Error(`there is no model group ${name}`)} again={() => void found.refetch()} />
    );
  }
  const { modelGroup: group, deployments } = found.data;
  return (
    <article className="page">
      <title>{`${group.displayName} · Registry · Stemma`}</title>
      <p className="small">
        <Link to="/registry">Registry</Link>
      </p>
      <h1>
        <Name>{group.displayName}</Name>
      </h1>
      {group.description && (
        <p>
          <bdi>{group.description}</bdi>
        </p>
      )}
      <p className="actions">
        <Link className="button" to={lineagePath(`+model:${nameOf(group)}+`)}>
          Lineage
        </Link>
        <EntityLink arn={group.arn} name="All about the group" />
      </p>
      <section className="card" aria-labelledby="runs">
        <h2 id="runs">Runs now</h2>
        {deployments.nodes.length === 0 ? (
          <Empty>No version of this group is deployed.</Empty>
        ) : (
          <ul className="plain">
            {deployments.nodes.map((each) => (
              <li key={each.action.arn}>
                <EntityLink arn={each.action.arn} name={each.endpoint?.split("/").pop() ?? each.action.name} />{" "}
                {each.versions.map((arn) => `version ${arn.split("/").pop()}`).join(", ")} since{" "}
                <Time at={each.startedAt} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <h2>Versions</h2>
      {group.versions.nodes.length === 0 && <Empty>No version is registered.</Empty>}
      {group.versions.nodes.map((version) => (
        <VersionCard key={version.arn} group={group} version={version} mayDecide={mayApprove(session)} />
      ))}
      {group.versions.pageInfo.hasNextPage && <p className="small">The newest 50 are shown.</p>}
    </article>
  );
}

function VersionCard({ group, version, mayDecide }: { group: Group; version: Version; mayDecide: boolean }) {
  const title = useId();
  return (
    <section className="card version" aria-labelledby={title}>
      <h3 id={title}>
        <EntityLink arn={version.arn} name={`Version ${version.version}`} /> <Approval state={version.approval} />
        {version.aliases.map((alias) => (
          <span key={alias} className="badge alias">
            {alias}
          </span>
        ))}
      </h3>
      <p className="small">
        Registered <Time at={version.createdAt} /> by <bdi>{version.createdBy.id}</bdi>
      </p>
      {version.containers.map((container) => (
        <p key={`${container.image} ${container.modelDataUrl}`} className="small">
          <bdi>{container.modelDataUrl ?? container.image}</bdi>
        </p>
      ))}
      {version.approvals.length > 0 && (
        <ol className="history">
          {version.approvals.map((each) => (
            <li key={each.action.arn}>
              <EntityLink arn={each.action.arn} name={word(each.decision)} /> <Time at={each.at} /> by{" "}
              <bdi>{each.by.id}</bdi>
              {each.reason && (
                <>
                  : <bdi>{each.reason}</bdi>
                </>
              )}
              {each.overridden && <span className="badge rejected">Gates overridden</span>}
              {!each.effective && <span className="badge">Not enough alone</span>}
            </li>
          ))}
        </ol>
      )}
      {version.version !== null && <Standing group={group} version={String(version.version)} />}
      <div className="actions">
        {mayDecide && version.approval !== "APPROVED" && <Decide group={group} version={version} decision="APPROVED" />}
        {mayDecide && version.approval !== "REJECTED" && <Decide group={group} version={version} decision="REJECTED" />}
        <MoveAlias group={group} version={version} />
      </div>
    </section>
  );
}

/** How a version stands at the gates of its group, with the evidence; looked at when it is opened. */
function Standing({ group, version }: { group: Group; version: string }) {
  const [open, setOpen] = useState(false);
  const found = useQuery({
    queryKey: ["group", nameOf(group), "standing", version],
    queryFn: ({ signal }) => ask(STANDING, { group: nameOf(group), version }, signal),
    enabled: open,
  });
  const standing = found.data?.modelVersion?.standing;
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Gates and evidence<span className="unseen"> of version {version}</span>
      </summary>
      {open && found.isPending && <Busy what="the evidence" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {standing && (
        <>
          <p>
            <span className={`badge ${standing.passed ? "approved" : "rejected"}`}>
              {standing.passed ? "Passes its gates" : "Does not pass its gates now"}
            </span>
            {standing.missing.map((each) => (
              <bdi key={each}>{each} </bdi>
            ))}
          </p>
          {standing.stale.length > 0 && (
            <>
              <h4>Changed since the approval</h4>
              <ul className="plain">
                {standing.stale.map((each) => (
                  <li key={`${each.arn} ${each.text}`}>
                    <EntityLink arn={each.arn} name={each.text} /> <Time at={each.at} />
                  </li>
                ))}
              </ul>
            </>
          )}
          {standing.results.length === 0 ? (
            <Empty>This group has no gates.</Empty>
          ) : (
            <div className="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Gate</th>
                    <th scope="col">Wanted</th>
                    <th scope="col">Found</th>
                    <th scope="col">Evidence</th>
                  </tr>
                </thead>
                <tbody>
                  {standing.results.map((each) => (
                    <tr key={`${each.gate} ${each.wanted}`}>
                      <th scope="row">
                        {word(each.gate)}{" "}
                        <span className={`badge ${each.passed ? "approved" : "rejected"}`}>
                          {each.passed ? "Passed" : "Failed"}
                        </span>
                      </th>
                      <td>
                        <bdi>{each.wanted}</bdi>
                      </td>
                      <td>
                        <bdi>{each.found}</bdi>
                      </td>
                      <td>
                        {each.evidence.map((one) => (
                          <p key={one.arn} className="small">
                            <EntityLink arn={one.arn} name={one.uri?.split("/").pop() ?? one.arn} />
                          </p>
                        ))}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </details>
  );
}

function Decide({ group, version, decision }: { group: Group; version: Version; decision: "APPROVED" | "REJECTED" }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const client = useQueryClient();
  const decide = useMutation({
    mutationFn: (reason: string) =>
      ask(DECIDE, { input: { version: version.resourceArn ?? version.arn, decision, reason: reason || null } }),
    onSuccess: async () => {
      dialog.current?.close();
      await client.invalidateQueries({ queryKey: ["group", nameOf(group)] });
    },
  });
  const verb = decision === "APPROVED" ? "Approve" : "Reject";
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    decide.mutate(String(new FormData(event.currentTarget).get("reason")).trim());
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          decide.reset();
          dialog.current?.showModal();
        }}
      >
        {verb}
        <span className="unseen"> version {version.version}</span>
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <form onSubmit={submit}>
          <h2 id={title}>
            {verb} {group.displayName} version {version.version}
          </h2>
          <label>
            Reason
            <textarea name="reason" rows={3} maxLength={1024} required={decision === "REJECTED"} />
          </label>
          {decide.isError && <p role="alert">{decide.error.message}</p>}
          <p className="actions">
            <button type="submit" className="primary" disabled={decide.isPending}>
              {verb}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}

function MoveAlias({ group, version }: { group: Group; version: Version }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const session = useSession();
  const client = useQueryClient();
  const move = useMutation({
    mutationFn: (alias: string) => {
      const held = group.aliases.find(({ name }) => name === alias)?.version ?? 0;
      return ask(ALIAS, { input: { group: nameOf(group), alias, version: version.version, expected: held } });
    },
    onSuccess: () => dialog.current?.close(),
    onSettled: () => client.invalidateQueries({ queryKey: ["group", nameOf(group)] }),
  });
  if (session.role === "READER") {
    return null;
  }
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    move.mutate(String(new FormData(event.currentTarget).get("alias")).trim());
  }
  return (
    <>
      <button
        type="button"
        onClick={() => {
          move.reset();
          dialog.current?.showModal();
        }}
      >
        Move an alias here<span className="unseen">, to version {version.version}</span>
      </button>
      <dialog ref={dialog} aria-labelledby={title}>
        <form onSubmit={submit}>
          <h2 id={title}>Move an alias to version {version.version}</h2>
          <label>
            Alias
            <input name="alias" list={`${title}-known`} required spellCheck={false} />
          </label>
          <datalist id={`${title}-known`}>
            {["champion", "candidate", ...group.aliases.map(({ name }) => name)].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          {move.isError && <p role="alert">{move.error.message}</p>}
          <p className="actions">
            <button type="submit" className="primary" disabled={move.isPending}>
              Move
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </p>
        </form>
      </dialog>
    </>
  );
}
