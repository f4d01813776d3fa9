import { describe, expect, it } from "vitest";
import { LassoTool } from "./lasso";

const NO_MODIFIERS = { shift: false, alt: false };
const TRIANGLE = [
  { x: 30, y: 30 },
  { x: 80, y: 30 },
  { x: 80, y: 90 },
];

/** Returns a lasso drawn through the first corners of the triangle. */
function lassoThrough(corners: number): LassoTool {
  const lasso = new LassoTool(() => ({
    brush: 20,
    hardness: 1,
    mode: "add",
    selectionShape: "box",
    tolerance: 8,
  }));
  const [first, ...others] = TRIANGLE.slice(0, corners);
  if (first) lasso.down(first, NO_MODIFIERS);
  lasso.move(others, NO_MODIFIERS);
  return lasso;
}

describe("LassoTool", () => {
  it("makes no edit of two points", () => {
    const lasso = lassoThrough(2);
    expect(lasso.outline).toHaveLength(2);
    expect(lasso.preview).toBeNull();
    expect(lasso.up()).toBeNull();
  });

  it("makes a polygon of three points", () => {
    const polygon = { kind: "polygon", mode: "add", points: TRIANGLE };
    const lasso = lassoThrough(3);
    expect(lasso.preview).toEqual(polygon);
    expect(lasso.up()).toEqual(polygon);
    expect(lasso.outline).toEqual([]);
  });
});
