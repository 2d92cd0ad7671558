/** Two versions of a group side by side. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearchParams } from "react-router";
import { ask } from "../graphql";
import { COMPARE, type Compared } from "../registry/data";
import { EntityLink, lineagePath, Name } from "../shown";
import { Busy, Empty, Failed } from "../states";

type Difference = Compared["metrics"][number];
type Found = Compared["onlyA"][number];

export function ComparisonPage() {
  const { group = "" } = useParams();
  const [address, setAddress] = useSearchParams();
  const [a, b] = [address.get("a") ?? "", address.get("b") ?? ""];
  const all = address.get("all") !== null;
  const found = useQuery({
    queryKey: ["group", group, "compare", a, b],
    queryFn: ({ signal }) => ask(COMPARE, { a: `${group}/${a}`, b: `${group}/${b}` }, signal),
  });
  const compared = found.data?.compareModelVersions;
  return (
    <article className="page">
      <title>{`${group} ${a} and ${b} · Registry · Stemma`}</title>
      <p className="small">
        <Link to={`/registry/${group}`}>
          <Name>{group}</Name>
        </Link>
      </p>
      <h1>
        Versions {a} and {b} of <Name>{group}</Name>
      </h1>
      {found.isPending && <Busy what="the two versions" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {compared && (
        <>
          <p className="actions">
            <button
              type="button"
              aria-pressed={all}
              onClick={() => setAddress({ a, b, ...(all ? {} : { all: "" }) }, { replace: true })}
            >
              Also what is the same
            </button>
            <Link className="button" to={lineagePath(`+model:${group}/${a} or +model:${group}/${b}`)}>
              Both lineages
            </Link>
          </p>
          <Side title="Metrics" rows={compared.metrics} a={a} b={b} all={all} />
          <Side title="Parameters" rows={compared.parameters} a={a} b={b} all={all} />
          <Side title="Data" rows={compared.data} a={a} b={b} all={all} />
          <Side title="Features" rows={compared.features} a={a} b={b} all={all} />
          <div className="columns">
            <Only title={`Only version ${a} came from`} entities={compared.onlyA} />
            <Only title={`Only version ${b} came from`} entities={compared.onlyB} />
          </div>
          {compared.truncated && <p className="small">A lineage is too large to be compared as a whole.</p>}
        </>
      )}
    </article>
  );
}

interface SideProps {
  title: string;
  rows: readonly Difference[];
  a: string;
  b: string;
  all: boolean;
}

function Side({ title, rows, a, b, all }: SideProps) {
  const shown = rows.filter((row) => all || !row.same);
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <Empty>Nothing is recorded for either version.</Empty>
      ) : shown.length === 0 ? (
        <p>All {rows.length} are the same.</p>
      ) : (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Version {a}</th>
                <th scope="col">Version {b}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.name}>
                  <th scope="row">
                    <bdi>{row.name}</bdi>
                  </th>
                  <td>
                    <bdi>{row.a ?? "–"}</bdi>
                  </td>
                  <td>{row.same ? <span className="small">the same</span> : <bdi>{row.b ?? "–"}</bdi>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Only({ title, entities }: { title: string; entities: readonly Found[] }) {
  return (
    <section className="card" aria-label={title}>
      <h2>{title}</h2>
      {entities.length === 0 ? (
        <Empty>Nothing.</Empty>
      ) : (
        <ul className="plain">
          {entities.map((each) => (
            <li key={each.arn}>
              <EntityLink arn={each.arn} name={each.name} kind={each.kind} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
