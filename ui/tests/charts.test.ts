import { expect, test } from "vitest";
import { darkened, sizeOf, standalone } from "../src/charts/colours";

const CHART =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 250.5" fill="#1b2733"><title>a</title><desc>b</desc>' +
  '<rect fill="#1f5f8b" fill-opacity="0.5"/><text fill="#51606f">fill="#1b2733" &lt;x&gt;</text></svg>\n';

test("in the dark, colours of attributes change, and texts do not", () => {
  const dark = darkened(CHART);
  expect(dark).toContain('<rect fill="#79bfe8" fill-opacity="0.5"/>');
  expect(dark).toContain('>fill="#1b2733" &lt;x&gt;<');
  expect(dark).not.toContain('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 250.5" fill="#1b2733"');
});

test("a file of its own has a size and a ground", () => {
  expect(sizeOf(CHART)).toEqual({ width: 420, height: 250.5 });
  expect(standalone(CHART)).toMatch(/^<svg width="420" height="250.5" xmlns/);
  expect(standalone(CHART)).toContain('</desc><rect width="100%" height="100%" fill="#ffffff"/>');
});
