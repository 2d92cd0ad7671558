import { expect, test } from "vitest";
import { decoded } from "../src/entity/report";

test("base64 becomes the bytes that it stands for", () => {
  expect([...decoded("AP8lUERG")]).toEqual([0, 255, 37, 80, 68, 70]);
});
