import { describe, expect, it } from "vitest";
import { uploadFor, type AutoPlanner, type HdOptions } from "./region";

const planner: AutoPlanner = { maxWholeSide: 800, context: 128, maxHoleDepth: 128 };
const crop: HdOptions = {
  strategy: "Crop",
  trigger: 800,
  margin: 128,
  limit: 1280,
  auto: planner,
  growth: 0,
};
const auto: HdOptions = { ...crop, strategy: "Auto" };
const photo = { width: 6000, height: 4000 };
const hole = { x: 3000, y: 2000, width: 100, height: 50 };

/**
 * Returns the server's crop along one axis; a side clipped at the edge is compensated on the opposite side.
 */
function serverCrop(start: number, length: number, margin: number, side: number): [number, number] {
  const [centre, half] = [Math.floor(start + length / 2), Math.floor(length / 2 + margin)];
  const [from, to] = [centre - half, centre + half];
  return [
    Math.max(Math.max(from, 0) - Math.max(to - side, 0), 0),
    Math.min(Math.min(to, side) + Math.max(-from, 0), side),
  ];
}

describe("uploadFor", () => {
  it("sends a small part of a large image", () => {
    const { box, forceCrop } = uploadFor(hole, photo, crop);
    expect(forceCrop).toBe(true);
    expect(box.width * box.height).toBeLessThan(400_000);
  });

  it("sends the context of a grown hole", () => {
    const { box } = uploadFor(hole, photo, { ...crop, growth: 20 });
    const grown = { x: 2980, y: 1980, width: 140, height: 90 };
    expect(box).toEqual(uploadFor(grown, photo, crop).box);
  });

  it("sends everything for unscaled or resized runs", () => {
    const all = { box: { x: 0, y: 0, ...photo }, forceCrop: false };
    expect(uploadFor(hole, photo, { ...crop, strategy: "Original" })).toEqual(all);
    expect(uploadFor(hole, photo, { ...crop, strategy: "Resize" })).toEqual(all);
    expect(uploadFor(hole, photo, { ...crop, trigger: 6000 })).toEqual(all);
  });

  it("sends more for a larger hole under Auto", () => {
    const small = uploadFor(hole, photo, auto);
    expect(small.forceCrop).toBe(false);
    expect(small.box.width * small.box.height).toBeLessThan(450_000);
    const large = uploadFor({ x: 2000, y: 1500, width: 1000, height: 600 }, photo, auto);
    expect(large.box).toEqual({ x: 2000 - 1040, y: 1500 - 1040, width: 1000 + 2080, height: 600 + 2080 });
    const little = { width: 800, height: 600 };
    expect(uploadFor({ x: 1, y: 1, width: 9, height: 9 }, little, auto).box).toEqual({
      x: 0,
      y: 0,
      ...little,
    });
  });

  it("depends on the planner's parameters under Auto", () => {
    const large = { x: 2000, y: 1500, width: 1000, height: 600 };
    const extent = (change: Partial<AutoPlanner>) =>
      uploadFor(large, photo, { ...auto, auto: { ...planner, ...change } }).box.width - large.width;
    expect(extent({ maxHoleDepth: 256 })).toBe(2 * (2 * 256 + 16));
    expect(extent({ maxHoleDepth: 512 })).toBe(2 * (2 * 128 + 16));
    expect(extent({ context: 64 })).toBe(2 * (2 * 64 * 4 + 16));
    expect(extent({ maxWholeSide: 6000 })).toBe(photo.width - large.width);
  });

  it("sends everything under Auto to a server without parameters", () => {
    expect(uploadFor(hole, photo, { ...auto, auto: null }).box).toEqual({ x: 0, y: 0, ...photo });
  });

  it("counts a hole at the edge as deeper", () => {
    const extent = (x: number) => {
      const { box } = uploadFor({ x, y: 1000, width: 200, height: 2000 }, photo, auto);
      return box.x + box.width - (x + 200);
    };
    expect(extent(1000)).toBe(2 * 128 + 16);
    expect(extent(0)).toBe(2 * 256 + 16);
    expect(extent(photo.width - 200)).toBe(0);
    const across = { x: 0, y: 1000, width: photo.width, height: 200 };
    expect(uploadFor(across, photo, auto).box.height).toBe(200 + 2 * (2 * 128 + 16));
  });

  it("keeps the server's crop rectangles", () => {
    const side = 1000;
    for (const margin of [0, 1, 64, 128, 600]) {
      for (const [start, length] of [
        [0, 10],
        [3, 7],
        [100, 200],
        [490, 21],
        [985, 15],
        [900, 99],
        [40, 930],
      ] as const) {
        const around = { x: start, y: start, width: length, height: length };
        const { box } = uploadFor(around, { width: side, height: side }, { ...crop, trigger: 0, margin });
        const inUpload = serverCrop(start - box.x, length, margin, box.width);
        expect(inUpload.map((value) => value + box.x)).toEqual(serverCrop(start, length, margin, side));
      }
    }
  });
});
