import { describe, expect, it } from "vitest";
import { emptyMask, holeBox } from "./mask";
import { drawEllipse, drawPolygon, rectangleCorners } from "./shapes";

const size = { width: 40, height: 30 };
const area = (data: Uint8Array) => data.reduce((sum, value) => sum + value / 255, 0);

describe("drawPolygon", () => {
  it("fills a rectangle from any corner", () => {
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
      drawPolygon(mask, rectangleCorners(a, b), "add");
      expect(holeBox(mask)).toEqual({ x: 5, y: 4, width: 10, height: 20 });
      expect(area(mask.data)).toBe(200);
    }
  });

  it("closes the outline", () => {
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

  it("fills overlaps by the non-zero rule", () => {
    const mask = emptyMask(size);
    const round = rectangleCorners({ x: 5, y: 5 }, { x: 25, y: 25 });
    drawPolygon(mask, [...round, ...round], "add");
    expect(area(mask.data)).toBe(400);
  });

  it("clips at the image's edge and can remove", () => {
    const mask = emptyMask(size);
    drawPolygon(mask, rectangleCorners({ x: -10, y: -10 }, { x: 100, y: 100 }), "add");
    expect(area(mask.data)).toBe(1200);
    drawPolygon(mask, rectangleCorners({ x: 0, y: 0 }, { x: 40, y: 15 }), "remove");
    expect(holeBox(mask)).toEqual({ x: 0, y: 15, width: 40, height: 15 });
  });

  it("ignores fewer than three points", () => {
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

describe("drawEllipse", () => {
  it("is inscribed in its rectangle", () => {
    const mask = emptyMask(size);
    drawEllipse(mask, { x: 34, y: 26 }, { x: 4, y: 6 }, "add");
    expect(holeBox(mask)).toEqual({ x: 4, y: 6, width: 30, height: 20 });
    expect(area(mask.data) / (Math.PI * 15 * 10)).toBeCloseTo(1, 1);
    expect(mask.data[7 * 40 + 5]).toBe(0);
  });

  it("ignores an ellipse without extent", () => {
    expect(drawEllipse(emptyMask(size), { x: 3, y: 3 }, { x: 3, y: 9 }, "add")).toBeNull();
  });
});
