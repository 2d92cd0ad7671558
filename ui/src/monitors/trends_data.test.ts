import { expect, test } from "vitest";
import { chosen, type Thing } from "./trends_data";

const AGE: Thing = { subject: "FEATURE", name: "age", metrics: ["completeness", "baseline_drift"] };
const NOTE: Thing = { subject: "FEATURE", name: "note", metrics: ["completeness"] };

test("what drifts is shown first", () => {
  expect(chosen([NOTE, AGE], null, null)).toEqual({ thing: AGE, metric: "baseline_drift" });
  expect(chosen([NOTE], null, null)).toEqual({ thing: NOTE, metric: "completeness" });
  expect(chosen([], "FEATURE|age", "sum")).toEqual({ thing: null, metric: "" });
});

test("an address says which", () => {
  expect(chosen([NOTE, AGE], "FEATURE|note", "baseline_drift")).toEqual({ thing: NOTE, metric: "completeness" });
  expect(chosen([NOTE, AGE], "FEATURE|age", "completeness")).toEqual({ thing: AGE, metric: "completeness" });
  expect(chosen([AGE], "FEATURE|gone", "gone")).toEqual({ thing: AGE, metric: "baseline_drift" });
});
