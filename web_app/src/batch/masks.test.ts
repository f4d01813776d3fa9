import { describe, expect, it } from "vitest";
import { binaryMask, objectMask } from "./masks";

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

describe("objectMask", () => {
  const [object, nothing] = [row([255, 203, 0, 186], [0, 0, 0, 0]), row([0, 0, 0, 0], [0, 0, 0, 0])];

  it("takes the objects or everything else", () => {
    expect([...(objectMask(object, false) ?? [])]).toEqual([255, 0]);
    expect([...(objectMask(object, true) ?? [])]).toEqual([0, 255]);
  });

  it("is null without an object", () => {
    expect([objectMask(nothing, false), objectMask(nothing, true)]).toEqual([null, null]);
  });
});
