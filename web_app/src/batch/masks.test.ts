import { describe, expect, it } from "vitest";
import { fitMask } from "./masks";

/** A row of pixels from `[red, green, blue, alpha]`s. */
function row(...pixels: [number, number, number, number][]) {
  return { width: pixels.length, height: 1, data: Uint8ClampedArray.from(pixels.flat()) };
}

describe("a mask for photos of any size", () => {
  it("is what is bright in a mask without transparency", () => {
    const mask = row([255, 255, 255, 255], [127, 127, 127, 255], [128, 128, 128, 255], [255, 0, 0, 255]);
    expect([...fitMask(mask, mask)]).toEqual([255, 0, 255, 0]);
  });

  it("is what is opaque where some of it is transparent, whatever its colour", () => {
    const mask = row([255, 204, 0, 255], [0, 0, 0, 255], [255, 255, 255, 0], [255, 204, 0, 100]);
    expect([...fitMask(mask, mask)]).toEqual([255, 255, 0, 0]);
  });

  it("takes the nearest pixel of another size", () => {
    const mask = row([255, 255, 255, 255], [0, 0, 0, 255]);
    expect([...fitMask(mask, { width: 4, height: 2 })]).toEqual([255, 255, 0, 0, 255, 255, 0, 0]);
    expect([...fitMask(mask, { width: 1, height: 1 })]).toEqual([255]);
  });
});
