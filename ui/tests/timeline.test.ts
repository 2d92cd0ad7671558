import { describe, expect, test } from "vitest";
import type { Deployments } from "../src/entity/data";
import { counted, running } from "../src/entity/impact";
import { moments, place } from "../src/lineage/timeline";

const [FIRST, SECOND, THIRD] = ["2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z"] as const;

describe("the moments of a picture", () => {
  const node = { arn: "a", kind: "ARTIFACT" as const, type: null, name: "a", depth: 0 };
  const edge = { source: "a", destination: "b", association: "PRODUCED" as const, validTo: null };

  test("are when entities were made and associations began, once each and in order", () => {
    const nodes = [SECOND, FIRST, FIRST].map((createdAt) => ({ ...node, createdAt }));
    expect(moments({ nodes, edges: [{ ...edge, validFrom: THIRD }] })).toEqual([FIRST, SECOND, THIRD]);
  });

  test("are found by a time", () => {
    const times = [FIRST, SECOND, THIRD];
    expect(place(times, null)).toBe(2);
    expect(place(times, SECOND)).toBe(1);
    expect(place(times, "2026-03-02T12:00:00Z")).toBe(1);
    expect(place(times, "2026-02-01T00:00:00Z")).toBe(-1);
  });
});

describe("what an entity touches", () => {
  test("is counted by type, the most first", () => {
    const deployment = { arn: "d", kind: "ACTION" as const, type: "ModelDeployment" };
    expect(counted([{ arn: "c", kind: "CONTEXT", type: null }, deployment, deployment])).toEqual([
      ["ModelDeployment", 2],
      ["Context", 1],
    ]);
  });

  test("runs as long as it has not ended", () => {
    const [live, over, gone] = [{ owners: ["risk"], endedAt: null }, { owners: [], endedAt: FIRST }, null].map(
      (entity) => ({ arn: "d", kind: "ACTION" as const, name: "d", entity }),
    );
    expect(running([live, over, gone] as Deployments)).toEqual([live]);
  });
});
