import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Delta } from "./delta";
import { ImageDocument, type Layer } from "./document";
import type { MaskEdit } from "./edits";
import { TILE_SIDE, tileBox, topLevel, type Pixels } from "./pyramid";
import { rectangleCorners } from "./shapes";
import { filledLayer } from "./testing/filledLayer";

/** Returns an image in which neighbouring pixels differ. */
function image(width: number, height: number): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let index = 0; index < width * height; index++) {
    data.set([index % 251, (index >> 3) % 241, (index * 7) % 239, 255], index * 4);
  }
  return { width, height, data };
}

const square = (x: number, y: number, side: number, mode: "add" | "remove" = "add"): MaskEdit => ({
  kind: "polygon",
  mode,
  points: rectangleCorners({ x, y }, { x: x + side, y: y + side }),
});

function fillWith(document: ImageDocument, value: number) {
  const box = document.hole() ?? { x: 0, y: 0, width: 1, height: 1 };
  return document.fill(filledLayer(document, box, value));
}

/** Returns a hash of every tile of every level of a layer. */
function layerHash(document: ImageDocument, layer: Layer): string {
  const hash = createHash("sha256");
  for (let level = 0; level <= topLevel(document.size); level++)
    for (let row = 0; tileBox(document.size, level, 0, row); row++)
      for (let column = 0; tileBox(document.size, level, column, row); column++)
        hash.update(document.tile(layer, level, column, row)?.data ?? "nothing");
  return hash.digest("hex");
}

describe("ImageDocument", () => {
  it("undoes and redoes every step exactly", () => {
    const document = new ImageDocument(image(700, 600));
    const states = [[layerHash(document, "image"), layerHash(document, "mask")]];
    const steps: Delta[][] = [];
    const recordStep = (deltas: Delta[]) => {
      steps.push(deltas);
      states.push([layerHash(document, "image"), layerHash(document, "mask")]);
    };
    const edit = (change: MaskEdit) => {
      const delta = document.edit(change);
      if (delta) recordStep([delta]);
    };
    edit(square(100, 100, 300));
    edit(square(200, 200, 50, "remove"));
    recordStep(fillWith(document, 9));
    edit({ kind: "invert" });
    edit(square(300, 300, 120, "remove"));
    edit({ kind: "grow", by: -5 });
    edit({ kind: "feather", by: 6 });
    recordStep(fillWith(document, 200));
    expect(steps).toHaveLength(8);

    for (let index = steps.length - 1; index >= 0; index--) {
      for (const delta of steps[index] ?? []) document.apply(delta);
      expect([layerHash(document, "image"), layerHash(document, "mask")]).toEqual(states[index]);
    }
    steps.forEach((deltas, index) => {
      for (const delta of deltas) document.apply(delta);
      expect([layerHash(document, "image"), layerHash(document, "mask")]).toEqual(states[index + 1]);
    });
  });

  it("shows the original after fills", () => {
    const document = new ImageDocument(image(1301, 777));
    const original = layerHash(document, "image");
    document.edit(square(-10, 500, 1290));
    fillWith(document, 3);
    document.edit(square(1290, 0, 300));
    fillWith(document, 77);
    expect(layerHash(document, "image")).not.toEqual(original);
    expect(layerHash(document, "original")).toEqual(original);
  });

  it("fills the hole and nothing outside it", () => {
    const document = new ImageDocument(image(90, 80));
    const before = document.pixels.data.slice();
    document.edit(square(20, 10, 30));
    document.edit(square(25, 15, 10, "remove"));
    fillWith(document, 50);
    for (let y = 0; y < 80; y++) {
      for (let x = 0; x < 90; x++) {
        const inside = x >= 20 && x < 50 && y >= 10 && y < 40 && !(x >= 25 && x < 35 && y >= 15 && y < 25);
        const at = (y * 90 + x) * 4;
        const expected = inside ? [50, 50, 50, 255] : [...before.subarray(at, at + 4)];
        expect([...document.pixels.data.subarray(at, at + 4)]).toEqual(expected);
      }
    }
    expect(document.hole()).toBeNull();
  });

  it("blends where the mask is soft", () => {
    const document = new ImageDocument(image(60, 60));
    document.edit({
      kind: "stroke",
      mode: "add",
      stroke: { points: [{ x: 30, y: 30 }], size: 40, hardness: 0 },
    });
    const at = (30 * 60 + 42) * 4;
    const [before, share] = [document.pixels.data[at] ?? 0, document.mask.data[30 * 60 + 42] ?? 0];
    fillWith(document, 255);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(255);
    expect(document.pixels.data[at]).toBe(Math.round(before + ((255 - before) * share) / 255));
  });

  it("returns null for an edit without effect", () => {
    const document = new ImageDocument(image(50, 50));
    expect(document.edit({ kind: "clear" })).toBeNull();
    expect(document.edit(square(200, 200, 10))).toBeNull();
    expect(document.edit(square(10, 10, 10, "remove"))).toBeNull();
    expect(document.edit(square(10, 10, 10))).not.toBeNull();
    expect(document.edit(square(10, 10, 10))).toBeNull();
  });

  it("clips tiles at the image's edge", () => {
    const document = new ImageDocument(image(TILE_SIDE + 3, 20));
    expect(document.tile("image", 0, 1, 0)).toMatchObject({ width: 3, height: 20 });
    expect(document.tile("image", 0, 2, 0)).toBeNull();
    expect(document.tile("image", 1, 0, 0)).toMatchObject({ width: 258, height: 10 });
  });
});
