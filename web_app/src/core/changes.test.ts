import { describe, expect, it } from "vitest";
import type { Delta } from "./delta";
import { ImageDocument } from "./document";
import type { Pixels } from "./pyramid";
import { rectangleCorners } from "./shapes";
import { filledLayer } from "./testing/filledLayer";

const SIZE = { width: 600, height: 520 };

function gradient(): Pixels {
  const data = new Uint8ClampedArray(SIZE.width * SIZE.height * 4);
  for (let at = 0; at < SIZE.width * SIZE.height; at++)
    data.set([at % 251, (at >> 3) % 241, (at * 7) % 239, 255], at * 4);
  return { ...SIZE, data };
}

/** Fills a square of 10 pixels with one value. */
function fillSquare(document: ImageDocument, x: number, y: number, value: number): Delta[] {
  const corners = rectangleCorners({ x, y }, { x: x + 10, y: y + 10 });
  document.edit({ kind: "polygon", mode: "add", points: corners });
  const box = document.hole();
  if (!box) throw new Error("no hole");
  return document.fill(filledLayer(document, box, value));
}

/** Returns the positions of the changed pixels in the image. */
function changedPixels(document: ImageDocument): Set<number> {
  const changes = document.changes();
  const positions = new Set<number>();
  if (!changes) return positions;
  const { box, pixels } = changes;
  for (let at = 0; at < box.width * box.height; at++) {
    if (pixels.data[at * 4 + 3] === 0) continue;
    const [x, y] = [box.x + (at % box.width), box.y + Math.floor(at / box.width)];
    positions.add(y * SIZE.width + x);
  }
  return positions;
}

/** Returns the positions at which the image differs from a copy. */
function differing(document: ImageDocument, before: Uint8ClampedArray): Set<number> {
  const positions = new Set<number>();
  for (let at = 0; at < before.length; at++)
    if (before[at] !== document.pixels.data[at]) positions.add(at >> 2);
  return positions;
}

describe("changes", () => {
  it("are none in an image as opened", () => {
    expect(new ImageDocument(gradient()).changes()).toBeNull();
  });

  it("are exactly the pixels that differ", () => {
    const document = new ImageDocument(gradient());
    const before = document.pixels.data.slice();
    // Two squares in the same block, one across four blocks, one in the last block.
    for (const [x, y] of [
      [20, 30],
      [100, 90],
      [250, 251],
      [588, 507],
    ] as const)
      fillSquare(document, x, y, 77);
    const expected = differing(document, before);
    expect(expected.size).toBeGreaterThan(300);
    expect(changedPixels(document)).toEqual(expected);
  });

  it("include soft edges", () => {
    const document = new ImageDocument(gradient());
    const before = document.pixels.data.slice();
    document.edit({
      kind: "stroke",
      mode: "add",
      stroke: { points: [{ x: 250, y: 250 }], size: 60, hardness: 0 },
    });
    const box = document.hole();
    if (!box) throw new Error("no hole");
    document.fill(filledLayer(document, box, 255));
    expect(changedPixels(document)).toEqual(differing(document, before));
  });

  it("have the new colours, and nothing elsewhere", () => {
    const document = new ImageDocument(gradient());
    fillSquare(document, 40, 50, 9);
    fillSquare(document, 300, 50, 9);
    const changes = document.changes();
    expect(changes?.box).toEqual({ x: 40, y: 50, width: 270, height: 10 });
    const data = changes?.pixels.data ?? new Uint8ClampedArray();
    expect([...data.subarray(0, 4)]).toEqual([9, 9, 9, 255]);
    expect([...data.subarray(100 * 4, 101 * 4)]).toEqual([0, 0, 0, 0]);
  });

  it("end with an undo and return with a redo", () => {
    const document = new ImageDocument(gradient());
    const first = fillSquare(document, 40, 50, 9);
    const one = changedPixels(document);
    const second = fillSquare(document, 45, 50, 200);
    const both = changedPixels(document);
    for (const delta of second) document.apply(delta);
    expect(changedPixels(document)).toEqual(one);
    for (const delta of first) document.apply(delta);
    expect(document.changes()).toBeNull();
    for (const delta of [...first, ...second]) document.apply(delta);
    expect(changedPixels(document)).toEqual(both);
  });

  it("are unknown at another size", () => {
    const document = new ImageDocument(gradient());
    fillSquare(document, 40, 50, 9);
    const size = { width: 1200, height: 1040 };
    const enlarged = new ImageDocument({ ...size, data: new Uint8ClampedArray(1200 * 1040 * 4) }, document);
    expect([enlarged.isResized, enlarged.changes()]).toEqual([true, null]);
    expect([document.isResized, document.changes() === null]).toEqual([false, false]);
  });
});
