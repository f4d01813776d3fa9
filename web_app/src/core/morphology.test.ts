import { describe, expect, it } from "vitest";
import { emptyMask, holeBox, type Mask } from "./mask";
import { feather, grow, invert } from "./morphology";
import { drawPolygon, rectangleCorners } from "./shapes";

const size = { width: 60, height: 50 };

function rectangle(x: number, y: number, width: number, height: number): Mask {
  const mask = emptyMask(size);
  drawPolygon(mask, rectangleCorners({ x, y }, { x: x + width, y: y + height }), "add");
  return mask;
}

/** Yields the coordinates of the hole's pixels. */
function* holePixels({ width, data }: Mask): Generator<[number, number]> {
  for (let at = 0; at < data.length; at++)
    if ((data[at] ?? 0) >= 128) yield [at % width, Math.floor(at / width)];
}

/** Reference implementation of dilation by brute force. */
function dilatedByBruteForce(mask: Mask, by: number): Mask {
  const out = emptyMask(mask);
  const inside = [...holePixels(mask)];
  for (let y = 0; y < mask.height; y++)
    for (let x = 0; x < mask.width; x++)
      if (inside.some(([px, py]) => (px - x) ** 2 + (py - y) ** 2 <= by * by))
        out.data[y * mask.width + x] = 255;
  return out;
}

describe("grow", () => {
  it.each([1, 2.5, 7, 20])("by %s covers exactly the pixels within it", (by) => {
    const mask = rectangle(20, 15, 3, 12);
    mask.data[40 * 60 + 50] = 255;
    mask.data[3 * 60 + 58] = 255;
    const expected = dilatedByBruteForce(mask, by);
    grow(mask, by);
    expect(mask.data).toEqual(expected.data);
  });

  it("by a negative number erodes", () => {
    const mask = rectangle(20, 15, 20, 12);
    grow(mask, -3);
    expect(holeBox(mask)).toEqual({ x: 23, y: 18, width: 14, height: 6 });
  });

  it("doesn't erode from the image's edge", () => {
    const mask = rectangle(0, 0, 20, 50);
    grow(mask, -4);
    expect(holeBox(mask)).toEqual({ x: 0, y: 0, width: 16, height: 50 });
  });

  it("leaves an empty mask empty", () => {
    const mask = emptyMask(size);
    expect(grow(mask, 5)).toBeNull();
    expect(holeBox(mask)).toBeNull();
  });
});

describe("feather", () => {
  it("softens both sides of the edge", () => {
    const mask = rectangle(15, 10, 30, 30);
    feather(mask, 6);
    const row = [...mask.data.subarray(25 * 60, 26 * 60)];
    expect(row[30]).toBe(255);
    expect(row[0]).toBe(0);
    expect(row[14]).toBeGreaterThan(row[12] ?? 255);
    expect(row[14]).toBeLessThan(128);
    expect(row[15]).toBeGreaterThan(127);
    expect(row.slice(0, 30)).toEqual([...row.slice(0, 30)].sort((a, b) => a - b));
  });
});

describe("invert", () => {
  it("twice is the identity", () => {
    const mask = rectangle(3, 3, 10, 10);
    const before = mask.data.slice();
    invert(mask);
    expect(mask.data[0]).toBe(255);
    invert(mask);
    expect(mask.data).toEqual(before);
  });
});
