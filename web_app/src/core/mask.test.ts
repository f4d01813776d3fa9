import { describe, expect, it } from "vitest";
import { holeBox, rasterize, type Stroke } from "./mask";

const size = { width: 40, height: 30 };
const paint = (diameter: number, ...points: [number, number][]): Stroke => ({
  mode: "paint",
  size: diameter,
  points: points.map(([x, y]) => ({ x, y })),
});

describe("mask", () => {
  it("is empty without strokes", () => {
    const mask = rasterize([], size);
    expect(mask.data.every((value) => value === 0)).toBe(true);
    expect(holeBox(mask)).toBeNull();
  });

  it("turns a click into a disc of the brush's diameter", () => {
    const mask = rasterize([paint(10, [20, 15])], size);
    expect(holeBox(mask)).toEqual({ x: 15, y: 10, width: 10, height: 10 });
    const area = mask.data.reduce((sum, value) => sum + value / 255, 0);
    expect(area).toBeGreaterThan(25 * Math.PI * 0.93);
    expect(area).toBeLessThan(25 * Math.PI * 1.07);
  });

  it("leaves no gap between far points", () => {
    const mask = rasterize([paint(4, [5, 15], [35, 15])], size);
    for (let x = 3; x < 37; x++) expect(mask.data[15 * size.width + x]).toBe(255);
    expect(holeBox(mask)).toEqual({ x: 3, y: 13, width: 34, height: 4 });
  });

  it("holds only 0 and 255", () => {
    const mask = rasterize([paint(7.3, [1.2, 3.4], [33.3, 28.1])], size);
    expect(new Set(mask.data)).toEqual(new Set([0, 255]));
  });

  it("cuts strokes at the picture's edge", () => {
    const mask = rasterize([paint(20, [-5, -5], [45, 35])], size);
    expect(holeBox(mask)).toEqual({ x: 0, y: 0, width: 40, height: 30 });
    expect(holeBox(rasterize([paint(4, [-50, -50])], size))).toBeNull();
  });

  it("erases what was painted before, not what comes after", () => {
    const erase = { ...paint(30, [20, 15]), mode: "erase" as const };
    expect(holeBox(rasterize([paint(8, [20, 15]), erase], size))).toBeNull();
    expect(holeBox(rasterize([erase, paint(8, [20, 15])], size))).not.toBeNull();
  });
});
