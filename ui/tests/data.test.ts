import { describe, expect, test } from "vitest";
import { cell } from "../src/files";
import { cone, family, type LineageEdge, line, type Selected, trail } from "../src/lineage/data";
import { edgesCsv, json, nodesCsv, svg } from "../src/lineage/files";

const AT = "2026-03-03T00:00:00+00:00";

function edge(source: string, destination: string): LineageEdge {
  return { source, destination, association: "CONTRIBUTED_TO", validFrom: AT, validTo: null };
}

// a → b → c → a is a cycle; d → c; e stands alone.
const EDGES = [edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("d", "c")];

function selected(names: string[]): Selected {
  return {
    nodes: names.map((name) => ({ arn: name, kind: "ARTIFACT", type: null, name, depth: 0, createdAt: AT })),
    edges: [edge(names[0] ?? "", names[1] ?? "")],
    layout: { width: 520, height: 100, x: [130, 390], y: [50, 50], bends: [[]] },
    total: names.length,
    truncated: false,
    asOf: AT,
    knownAt: AT,
    knownAtSequence: 1,
  };
}

describe("what a node is related to", () => {
  test("goes one way, through cycles", () => {
    expect(cone(EDGES, "d", "down")).toEqual(new Set(["d", "c", "a", "b"]));
    expect(cone(EDGES, "d", "up")).toEqual(new Set(["d"]));
  });
  test("is both cones and no sibling", () => {
    expect(family([edge("a", "b"), edge("a", "c")], "b")).toEqual(new Set(["a", "b"]));
  });
});

describe("an edge", () => {
  test("runs from side to side through its bends", () => {
    const layout = { width: 0, height: 0, x: [100, 500], y: [10, 90], bends: [[300, 50]] };
    expect(trail(layout, 0, 0, 1, 50)).toEqual([
      [150, 10],
      [300, 50],
      [450, 90],
    ]);
    expect(trail(layout, 0, 1, 0, 50)[0]).toEqual([450, 90]);
  });
  test("is a smooth line", () => {
    expect(line([])).toBe("");
    expect(
      line([
        [0, 0],
        [10, 20],
      ]),
    ).toBe("M0,0 C5,0 5,20 10,20");
  });
});

describe("files", () => {
  test("hold no formula and quote what needs it", () => {
    expect(cell("=1+1")).toBe("'=1+1");
    expect(cell("-5")).toBe("'-5");
    expect(cell(-5)).toBe("-5");
    expect(cell('a "b", c')).toBe('"a ""b"", c"');
    expect(cell(null)).toBe("");
  });
  test("list all that is shown", () => {
    const shown = selected(["x", "y"]);
    expect(nodesCsv(shown)).toBe(`arn,kind,type,name,depth,createdAt\nx,ARTIFACT,,x,0,${AT}\ny,ARTIFACT,,y,0,${AT}\n`);
    expect(edgesCsv(shown)).toBe(`source,association,destination,validFrom,validTo\nx,CONTRIBUTED_TO,y,${AT},\n`);
    expect(JSON.parse(json(shown, "x+"))).toMatchObject({
      query: "x+",
      total: 2,
      nodes: [{ name: "x" }, { name: "y" }],
    });
  });
  test("keep markup in names as text", () => {
    const picture = svg(selected(["<script>alert(1)</script>", '"&']), "a<b");
    expect(picture).not.toContain("<script>");
    expect(picture).toContain("&lt;script&gt;");
    expect(picture).toContain("<title>a&lt;b</title>");
  });
});
