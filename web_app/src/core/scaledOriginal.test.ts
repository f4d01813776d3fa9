import { describe, expect, it } from "vitest";
import { ImageDocument } from "./document";
import { levelSize, TILE_SIDE, tileBox, topLevel, type Pixels } from "./pyramid";

/** Returns an image in which neighbouring pixels differ. */
function image(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let index = 0; index < width * height; index++)
    data.set([index % 251, (index >> 3) % 241, (index * 7) % 239, 255], index * 4);
  return { width, height, data };
}

function blank(width: number, height: number): Pixels {
  return { width, height, data: new Uint8ClampedArray(width * height * 4) };
}

/** Returns a pixel of a layer at a level. */
function pixel(document: ImageDocument, layer: "image" | "original", level: number, x: number, y: number) {
  const [column, row] = [Math.floor(x / TILE_SIDE), Math.floor(y / TILE_SIDE)];
  const tile = document.tile(layer, level, column, row);
  const at = ((y - row * TILE_SIDE) * (tile?.width ?? 0) + x - column * TILE_SIDE) * 4;
  return [...(tile?.data.subarray(at, at + 4) ?? [])];
}

describe("the original of a document that changed its size", () => {
  it("has the same pixels at the earlier size", () => {
    const before = new ImageDocument(image(601, 403));
    const after = new ImageDocument(blank(1202, 806), before);
    for (let level = 1; level <= topLevel(after.size); level++) {
      const { width, height } = levelSize(after.size, level);
      for (const [x, y] of [
        [0, 0],
        [width - 1, height - 1],
        [width >> 1, height >> 2],
      ] as const)
        expect(pixel(after, "original", level, x, y)).toEqual(pixel(before, "image", level - 1, x, y));
    }
  });

  it("repeats pixels at a larger size", () => {
    const before = new ImageDocument(image(300, 200));
    const after = new ImageDocument(blank(1200, 800), before);
    for (const [x, y] of [
      [0, 0],
      [3, 3],
      [4, 4],
      [511, 511],
      [512, 512],
      [1199, 799],
    ] as const)
      expect(pixel(after, "original", 0, x, y)).toEqual(pixel(before, "image", 0, x >> 2, y >> 2));
  });

  it("covers sizes that aren't multiples", () => {
    const before = new ImageDocument(image(101, 67));
    for (const [width, height] of [
      [151, 100],
      [50, 33],
    ] as const) {
      const after = new ImageDocument(blank(width, height), before);
      expect(tileBox(after.size, 0, 0, 0)).toMatchObject({ width, height });
      expect(pixel(after, "original", 0, 0, 0)[3]).toBe(255);
      expect(pixel(after, "original", 0, width - 1, height - 1)[3]).toBe(255);
    }
  });

  it("is the image as opened, after edits before and after the change", () => {
    const before = new ImageDocument(image(300, 200));
    before.replace(new Uint8ClampedArray(300 * 200 * 4).fill(7));
    const middle = new ImageDocument(blank(600, 400), before);
    middle.replace(new Uint8ClampedArray(600 * 400 * 4).fill(9));
    const after = new ImageDocument(blank(1200, 800), middle);
    const opened = new ImageDocument(image(300, 200));
    expect(pixel(after, "original", 0, 700, 501)).toEqual(pixel(opened, "image", 0, 175, 125));
  });

  it("is accompanied by the scaled mask", () => {
    const before = new ImageDocument(image(30, 20));
    before.edit({ kind: "ellipse", mode: "add", a: { x: 10, y: 5 }, b: { x: 20, y: 15 } });
    const after = new ImageDocument(blank(60, 40), before);
    expect(after.hole()).toEqual({ x: 20, y: 10, width: 20, height: 20 });
    expect(after.mask.data.filter((value) => value === 255)).toHaveLength(
      4 * before.mask.data.filter((value) => value === 255).length,
    );
  });
});
