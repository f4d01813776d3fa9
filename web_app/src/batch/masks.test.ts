import { describe, expect, it } from "vitest";
import { paintedMask } from "./masks";

/** A row of pixels from `[red, green, blue, alpha]`s. */
function row(...pixels: [number, number, number, number][]) {
  return { width: pixels.length, height: 1, data: Uint8ClampedArray.from(pixels.flat()) };
}

describe("a mask for photos of any size", () => {
  it("is what is bright in a mask without transparency", () => {
    const mask = row([255, 255, 255, 255], [127, 127, 127, 255], [128, 128, 128, 255], [255, 0, 0, 255]);
    expect([...paintedMask(mask)]).toEqual([255, 0, 255, 0]);
  });

  it("is what is opaque where some of it is transparent, whatever its colour", () => {
    const mask = row([255, 204, 0, 255], [0, 0, 0, 255], [255, 255, 255, 0], [255, 204, 0, 100]);
    expect([...paintedMask(mask)]).toEqual([255, 255, 0, 0]);
  });
});
