import { describe, expect, it } from "vitest";
import { emptyMask, holeBox, type Mask } from "./mask";
import { brushCoverage, drawStroke, type Stroke } from "./strokes";

const size = { width: 40, height: 30 };
const stroke = (diameter: number, ...points: [number, number, number?][]): Stroke => ({
  size: diameter,
  hardness: 1,
  points: points.map(([x, y, pressure]) => (pressure === undefined ? { x, y } : { x, y, pressure })),
});
const drawn = (...strokes: Stroke[]): Mask => {
  const mask = emptyMask(size);
  for (const each of strokes) drawStroke(mask, each, "add");
  return mask;
};

describe("drawStroke", () => {
  it("draws a disc for one point", () => {
    const mask = drawn(stroke(10, [20, 15]));
    expect(holeBox(mask)).toEqual({ x: 15, y: 10, width: 10, height: 10 });
    const area = mask.data.reduce((sum, value) => sum + value / 255, 0);
    expect(area).toBeGreaterThan(25 * Math.PI * 0.93);
    expect(area).toBeLessThan(25 * Math.PI * 1.07);
  });

  it.each([
    [stroke(7, [5.3, 4.8], [31.1, 22.4])],
    [stroke(9, [30, 25], [8, 3], [8, 26])],
    [stroke(6, [20, 2], [20, 28])],
    [stroke(5, [3, 14.5], [36, 14.5])],
  ])("covers exactly the pixels within the brush", (each) => {
    const { data } = drawn(each);
    const within = (x: number, y: number): boolean =>
      each.points.some((to, index) => {
        const from = each.points[Math.max(index - 1, 0)] ?? to;
        const [dx, dy] = [to.x - from.x, to.y - from.y];
        const length = dx * dx + dy * dy;
        const t = length ? Math.min(Math.max(((x - from.x) * dx + (y - from.y) * dy) / length, 0), 1) : 0;
        return Math.hypot(x - from.x - t * dx, y - from.y - t * dy) <= each.size / 2;
      });
    for (let y = 0; y < size.height; y++)
      for (let x = 0; x < size.width; x++)
        expect(data[y * size.width + x] === 255, `${x},${y}`).toBe(within(x + 0.5, y + 0.5));
  });

  it("clips at the image's edge", () => {
    expect(holeBox(drawn(stroke(20, [-5, -5], [45, 35])))).toEqual({ x: 0, y: 0, width: 40, height: 30 });
    expect(holeBox(drawn(stroke(4, [-50, -50])))).toBeNull();
  });

  it("removes from the hole", () => {
    const mask = drawn(stroke(8, [20, 15]));
    drawStroke(mask, stroke(30, [20, 15]), "remove");
    expect(holeBox(mask)).toBeNull();
  });

  it("returns the changed rectangle", () => {
    const mask = emptyMask(size);
    const changed = drawStroke(mask, stroke(6, [10, 10], [20, 12]), "add");
    const hole = holeBox(mask);
    expect(changed?.x).toBeLessThanOrEqual(hole?.x ?? -1);
    expect((changed?.x ?? 0) + (changed?.width ?? 0)).toBeGreaterThanOrEqual(
      (hole?.x ?? 99) + (hole?.width ?? 99),
    );
  });

  it("follows the pen's pressure", () => {
    const mask = drawn(stroke(16, [4, 15, 0.25], [36, 15, 1]));
    const height = (x: number) =>
      Array.from({ length: size.height }, (_, y) => mask.data[y * size.width + x]).filter(Boolean).length;
    expect(height(5)).toBeLessThan(height(20));
    expect(height(20)).toBeLessThan(height(34));
  });

  it("fades a soft brush without accumulation", () => {
    const soft = { ...stroke(20, [20, 15]), hardness: 0.3 };
    const once = drawn(soft);
    const twice = drawn(soft, soft);
    expect(once.data[15 * 40 + 20]).toBe(255);
    const rim = once.data[15 * 40 + 28] ?? 0;
    expect(rim).toBeGreaterThan(0);
    expect(rim).toBeLessThan(128);
    expect(twice.data).toEqual(once.data);
  });
});

describe("brushCoverage", () => {
  it("falls smoothly from 255 to 0", () => {
    expect(brushCoverage(0.2, 0.5)).toBe(255);
    expect(brushCoverage(1, 0.5)).toBe(0);
    expect(brushCoverage(0.75, 0.5)).toBeCloseTo(128, -1);
  });
});
