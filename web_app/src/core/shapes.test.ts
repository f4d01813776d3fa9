import { describe, expect, it } from "vitest";
import { emptyMask, holeBox } from "./mask";
import { corners, drawEllipse, drawPolygon } from "./shapes";

const size = { width: 40, height: 30 };
const area = (data: Uint8Array) => data.reduce((sum, value) => sum + value / 255, 0);

describe("a polygon", () => {
  it("of a rectangle's corners fills that rectangle, whichever corner it began at", () => {
    for (const [a, b] of [
      [
        { x: 5, y: 4 },
        { x: 15, y: 24 },
      ],
      [
        { x: 15, y: 24 },
        { x: 5, y: 4 },
      ],
      [
        { x: 15, y: 4 },
        { x: 5, y: 24 },
      ],
    ] as const) {
      const mask = emptyMask(size);
      drawPolygon(mask, corners(a, b), "add");
      expect(holeBox(mask)).toEqual({ x: 5, y: 4, width: 10, height: 20 });
      expect(area(mask.data)).toBe(200);
    }
  });

  it("is closed from its last point to its first", () => {
    const mask = emptyMask(size);
    drawPolygon(
      mask,
      [
        { x: 0, y: 0 },
        { x: 20, y: 0 },
        { x: 0, y: 20 },
      ],
      "add",
    );
    expect(area(mask.data)).toBeCloseTo(200, -1.5);
    expect(mask.data[2 * 40 + 2]).toBe(255);
    expect(mask.data[18 * 40 + 18]).toBe(0);
  });

  it("has no holes where it goes around twice", () => {
    const mask = emptyMask(size);
    const round = corners({ x: 5, y: 5 }, { x: 25, y: 25 });
    drawPolygon(mask, [...round, ...round], "add");
    expect(area(mask.data)).toBe(400);
  });

  it("beyond the picture's edge is cut there, and can take away", () => {
    const mask = emptyMask(size);
    drawPolygon(mask, corners({ x: -10, y: -10 }, { x: 100, y: 100 }), "add");
    expect(area(mask.data)).toBe(1200);
    drawPolygon(mask, corners({ x: 0, y: 0 }, { x: 40, y: 15 }), "remove");
    expect(holeBox(mask)).toEqual({ x: 0, y: 15, width: 40, height: 15 });
  });

  it("of fewer than three points is nothing", () => {
    const mask = emptyMask(size);
    drawPolygon(
      mask,
      [
        { x: 1, y: 1 },
        { x: 20, y: 20 },
      ],
      "add",
    );
    expect(holeBox(mask)).toBeNull();
    expect(drawPolygon(mask, [], "add")).toBeNull();
  });
});

describe("an ellipse", () => {
  it("touches the sides of its rectangle and has an ellipse's area", () => {
    const mask = emptyMask(size);
    drawEllipse(mask, { x: 34, y: 26 }, { x: 4, y: 6 }, "add");
    expect(holeBox(mask)).toEqual({ x: 4, y: 6, width: 30, height: 20 });
    expect(area(mask.data) / (Math.PI * 15 * 10)).toBeCloseTo(1, 1);
    expect(mask.data[7 * 40 + 5]).toBe(0);
  });

  it("without an extent is nothing", () => {
    expect(drawEllipse(emptyMask(size), { x: 3, y: 3 }, { x: 3, y: 9 }, "add")).toBeNull();
  });
});
