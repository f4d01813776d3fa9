import { describe, expect, it } from "vitest";
import { binarize, crop, emptyMask, hasTransparency, holeBox, maskFromPixels, paste } from "./mask";

const size = { width: 4, height: 3 };

describe("mask", () => {
  it("is empty at first", () => {
    expect(holeBox(emptyMask(size))).toBeNull();
  });

  it("holeBox includes faint pixels", () => {
    const mask = emptyMask({ width: 20, height: 10 });
    mask.data[3 * 20 + 7] = 1;
    expect(holeBox(mask)).toEqual({ x: 7, y: 3, width: 1, height: 1 });
    mask.data[8 * 20 + 2] = 255;
    mask.data[5 * 20 + 19] = 9;
    expect(holeBox(mask)).toEqual({ x: 2, y: 3, width: 18, height: 6 });
  });

  it("crop and paste are inverse", () => {
    const mask = { ...size, data: Uint8Array.from({ length: 12 }, (_, index) => index) };
    const part = crop(mask, { x: 1, y: 1, width: 2, height: 2 });
    expect([...part.data]).toEqual([5, 6, 9, 10]);
    const other = emptyMask(size);
    paste(other, part, 2, 0);
    expect([...other.data]).toEqual([0, 0, 5, 6, 0, 0, 9, 10, 0, 0, 0, 0]);
  });

  it("binarize sets non-zero values to 255", () => {
    const mask = { ...size, data: Uint8Array.from([0, 1, 128, 255, 0, 0, 0, 0, 0, 0, 0, 7]) };
    expect([...binarize(mask).data]).toEqual([0, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 255]);
  });

  it("is read from luma or alpha", () => {
    const rgba = Uint8ClampedArray.from([255, 255, 255, 255, 0, 0, 0, 255, 255, 204, 0, 186, 0, 0, 0, 0]);
    const four = { width: 4, height: 1 };
    expect([...maskFromPixels(four, rgba, "opacity").data]).toEqual([255, 255, 186, 0]);
    expect([...maskFromPixels(four, rgba, "brightness").data]).toEqual([255, 0, 196, 0]);
    expect(hasTransparency(rgba)).toBe(true);
    expect(hasTransparency(rgba.subarray(0, 8))).toBe(false);
  });
});
