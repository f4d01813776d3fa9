import { describe, expect, it } from "vitest";
import { blendFill } from "./blend";
import type { Pixels } from "./pyramid";

/** Returns the red values of a row of four black pixels, blended with white of the given alpha. */
function blended(painted: readonly number[], alpha: readonly number[], softEdges: boolean): number[] {
  const image: Pixels = { width: 4, height: 1, data: new Uint8ClampedArray(16) };
  const mask = { width: 4, height: 1, data: Uint8Array.from(painted) };
  const rgba = Uint8ClampedArray.from(alpha.flatMap((value) => [255, 255, 255, value]));
  blendFill(image, mask, { box: { x: 0, y: 0, width: 4, height: 1 }, rgba, softEdges });
  expect([3, 7, 11, 15].map((at) => image.data[at])).toEqual([0, 0, 0, 0]);
  return [0, 4, 8, 12].map((at) => image.data[at] ?? -1);
}

describe("blendFill", () => {
  it("fills the layer's opaque pixels", () => {
    expect(blended([0, 255, 255, 0], [255, 255, 0, 0], false)).toEqual([255, 255, 0, 0]);
  });

  it("keeps soft edges of the painted mask", () => {
    expect(blended([0, 60, 255, 0], [0, 255, 255, 255], true)).toEqual([0, 60, 255, 255]);
  });

  it("covers soft edges inside a grown mask", () => {
    expect(blended([0, 60, 255, 0], [255, 255, 255, 255], false)).toEqual([255, 255, 255, 255]);
  });
});
