import { expect, test } from "vitest";
import { type Collection, within } from "../src/registry/data";

function collection(arn: string, parent: string | null): Collection {
  const groups = { nodes: [], pageInfo: { hasNextPage: false } };
  return { arn, displayName: arn, parent: parent === null ? null : { arn: parent }, groups };
}

test("collections lie in their parents, and at the root when those are not shown", () => {
  const all = [collection("risk", null), collection("credit", "risk"), collection("lost", "unseen")];
  const names = (parent: string | null) => within(all, parent).map(({ arn }) => arn);
  expect(names(null)).toEqual(["risk", "lost"]);
  expect(names("risk")).toEqual(["credit"]);
  expect(names("credit")).toEqual([]);
});
