/** A model group: what runs of it, and its versions with what was decided on them. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { ask } from "../graphql";
import { MoveAlias } from "../registry/alias";
import { Approval } from "../registry/approval";
import { GROUP, type Group, nameOf, type Version } from "../registry/data";
import { Decide } from "../registry/decide";
import { Standing } from "../registry/standing";
import { mayApprove, useSession } from "../session";
import { EntityLink, lineagePath, Name, Time, word } from "../shown";
import { Busy, Empty, Failed } from "../states";

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
      {group.versions.nodes.length > 1 && <Compare group={group} />}
      {group.versions.nodes.length === 0 && <Empty>No version is registered.</Empty>}
      {group.versions.nodes.map((version) => (
        <VersionCard key={version.arn} group={group} version={version} mayDecide={mayApprove(session)} />
      ))}
      {group.versions.pageInfo.hasNextPage && <p className="small">The newest 50 are shown.</p>}
    </article>
  );
}

/** Which two versions to hold side by side: the newest two unless others are chosen. */
function Compare({ group }: { group: Group }) {
  const navigate = useNavigate();
  const numbers = group.versions.nodes.map((each) => String(each.version));
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = new URLSearchParams({ a: String(form.get("a")), b: String(form.get("b")) });
    void navigate(`/registry/${nameOf(group)}/compare?${chosen}`);
  }
  return (
    <form className="actions" onSubmit={submit}>
      {(["a", "b"] as const).map((side) => (
        <label key={side} className="inline">
          {side === "a" ? "Version" : "and"}
          <select name={side} defaultValue={numbers[side === "a" ? 1 : 0]}>
            {numbers.map((number) => (
              <option key={number}>{number}</option>
            ))}
          </select>
        </label>
      ))}
      <button type="submit">Side by side</button>
    </form>
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
