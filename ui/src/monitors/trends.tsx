/** What the runs of a schedule measured, over time: one thing and one metric of it, with the threshold. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { Chart } from "../charts/figure";
import { ask } from "../graphql";
import { Name, word } from "../shown";
import { Busy, Empty, Failed } from "../states";
import { chosen, MEASURED, TREND, thingKey } from "./trends_data";

export function Trends({ schedule }: { schedule: string }) {
  const [address, setAddress] = useSearchParams();
  const measured = useQuery({
    queryKey: ["monitors", "measured", schedule],
    queryFn: ({ signal }) => ask(MEASURED, { schedule }, signal),
  });
  const things = measured.data?.monitoringSchedule?.measured ?? [];
  const { thing, metric } = chosen(things, address.get("thing"), address.get("metric"));
  const picture = useQuery({
    queryKey: ["monitors", "trend", schedule, thing && thingKey(thing), metric],
    queryFn: ({ signal }) =>
      ask(TREND, { schedule, subject: thing?.subject ?? "MODEL", name: thing?.name ?? "", metric }, signal),
    enabled: thing !== null && metric !== "",
    placeholderData: keepPreviousData,
  });
  function go(name: string, value: string) {
    setAddress(
      (before) => {
        const after = new URLSearchParams(before);
        after.set(name, value);
        if (name === "thing") {
          after.delete("metric");
        }
        return after;
      },
      { replace: true },
    );
  }
  const figure = picture.data?.monitoringSchedule?.seriesPicture;
  return (
    <section className="card" aria-labelledby="trends">
      <h2 id="trends">
        Over time: <Name>{schedule}</Name>
      </h2>
      {measured.isPending && <Busy what="what was measured" />}
      {measured.isError && <Failed error={measured.error} again={() => void measured.refetch()} />}
      {measured.isSuccess && things.length === 0 && <Empty>No run of this schedule has come to results yet.</Empty>}
      {thing && (
        <div className="actions">
          <label className="inline">
            Measured of
            <select value={thingKey(thing)} onChange={(event) => go("thing", event.target.value)}>
              {things.map((each) => (
                <option key={thingKey(each)} value={thingKey(each)}>
                  {each.name || word(each.subject)}
                </option>
              ))}
            </select>
          </label>
          <label className="inline">
            Metric
            <select value={metric} onChange={(event) => go("metric", event.target.value)}>
              {thing.metrics.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {picture.isError && <Failed error={picture.error} again={() => void picture.refetch()} />}
      {figure && <Chart figure={figure} />}
    </section>
  );
}
