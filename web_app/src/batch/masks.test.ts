import { describe, expect, it } from "vitest";
import { binaryMask } from "./masks";

/** Returns a row of pixels given as `[red, green, blue, alpha]`. */
function row(...pixels: [number, number, number, number][]) {
  return { width: pixels.length, height: 1, data: Uint8ClampedArray.from(pixels.flat()) };
}

describe("binaryMask", () => {
  it("thresholds luma without transparency", () => {
    const mask = row([255, 255, 255, 255], [127, 127, 127, 255], [128, 128, 128, 255], [255, 0, 0, 255]);
    expect([...binaryMask(mask)]).toEqual([255, 0, 255, 0]);
  });

  it("thresholds alpha with transparency", () => {
    const mask = row([255, 204, 0, 255], [0, 0, 0, 255], [255, 255, 255, 0], [255, 204, 0, 100]);
    expect([...binaryMask(mask)]).toEqual([255, 255, 0, 0]);
  });
});
