/** A slider over the moments at which what is shown came to be: the picture as it was at each of them. */
import { useState } from "react";
import { Time } from "../shown";
import type { Go } from "./asking";
import type { Selected } from "./data";

/** The moments at which entities were made and associations began, the earliest first. */
export function moments(selected: Pick<Selected, "nodes" | "edges">): string[] {
  const times = [...selected.nodes.map((node) => node.createdAt), ...selected.edges.map((edge) => edge.validFrom)];
  return [...new Set(times)].sort((one, other) => Date.parse(one) - Date.parse(other));
}

/** Which of the moments is the last before a time; all of them before none. */
export function place(times: readonly string[], asOf: string | null): number {
  if (asOf === null) {
    return times.length - 1;
  }
  const at = Date.parse(asOf);
  return times.filter((time) => Date.parse(time) <= at).length - 1;
}

interface Props {
  times: readonly string[];
  asOf: string | null;
  go: Go;
}

export function Timeline({ times, asOf, go }: Props) {
  const [held, setHeld] = useState<number | null>(null);
  if (times.length < 2) {
    return null;
  }
  const last = times.length - 1;
  const at = held ?? Math.max(0, place(times, asOf));
  const time = times[at] ?? null;
  function settle() {
    if (held !== null) {
      go({ asOf: held === last ? null : (times[held] ?? null) });
      setHeld(null);
    }
  }
  return (
    <label className="timeline">
      <span className="small">
        {at === last && asOf === null ? "Now" : time && <Time at={time} />}
        <span className="unseen"> is the time that is shown</span>
      </span>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={at === last && asOf === null ? "now" : (time ?? "")}
        min={0}
        max={last}
        value={at}
        onChange={(event) => setHeld(Number(event.target.value))}
        onPointerUp={settle}
        onKeyUp={settle}
        onBlur={settle}
      />
      <span className="small">
        {at + 1} of {times.length} moments
      </span>
    </label>
  );
}
