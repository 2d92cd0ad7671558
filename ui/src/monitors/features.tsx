/** The features of a data set, each now over what it was in the baseline. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useId } from "react";
import { useSearchParams } from "react-router";
import { Chart, Rows } from "../charts/figure";
import { ask } from "../graphql";
import { EntityLink, Name, word } from "../shown";
import { Busy, Empty, Failed, More } from "../states";
import { type Feature, RUN_FEATURES } from "./run_data";

export function Features({ run }: { run: string }) {
  const [address, setAddress] = useSearchParams();
  const contains = address.get("feature") || null;
  const violating = address.get("violating") === "1";
  function go(name: string, value: string) {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === "") {
          after.delete(name);
        } else {
          after.set(name, value);
        }
        return after;
      },
      { replace: true },
    );
  }
  const found = useInfiniteQuery({
    queryKey: ["run", run, "features", contains, violating],
    queryFn: ({ pageParam, signal }) => ask(RUN_FEATURES, { run, contains, violating, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ monitoringRun: { features } }) =>
      features.pageInfo.hasNextPage ? features.pageInfo.endCursor : null,
    placeholderData: keepPreviousData,
  });
  const features = found.data?.pages.flatMap((page) => page.monitoringRun.features.nodes) ?? [];
  return (
    <section aria-labelledby="features">
      <h2 id="features">Features</h2>
      <div className="actions">
        <label className="inline">
          Named
          <input value={contains ?? ""} spellCheck={false} onChange={(event) => go("feature", event.target.value)} />
        </label>
        <label className="inline">
          <input
            type="checkbox"
            checked={violating}
            onChange={(event) => go("violating", event.target.checked ? "1" : "")}
          />
          Only those that violate
        </label>
      </div>
      {found.isPending && <Busy what="the features" />}
      {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
      {found.isSuccess && features.length === 0 && <Empty>No feature is so.</Empty>}
      <div className="columns">
        {features.map((feature) => (
          <FeatureCard key={feature.name} feature={feature} />
        ))}
      </div>
      <More of={found}>More features</More>
    </section>
  );
}

function FeatureCard({ feature }: { feature: Feature }) {
  const title = useId();
  return (
    <section className="card" aria-labelledby={title}>
      <h3 id={title}>
        {feature.column ? <EntityLink arn={feature.column.arn} name={feature.name} /> : <Name>{feature.name}</Name>}{" "}
        <span className="small">{word(feature.type)}</span>{" "}
        {feature.violates && <span className="badge rejected">Violates</span>}
      </h3>
      {feature.distance !== null && (
        <p className="small">
          Distance from the baseline {feature.distance.toFixed(3)}
          {feature.threshold !== null && `; allowed ${feature.threshold}`}
        </p>
      )}
      {feature.figure ? <Chart figure={feature.figure} /> : <Empty>Nothing to draw.</Empty>}
      <details>
        <summary>Statistics</summary>
        <Rows table={feature.statistics} />
      </details>
    </section>
  );
}
