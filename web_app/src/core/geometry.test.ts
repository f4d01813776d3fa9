import { describe, expect, it } from "vitest";
import { fit, keepVisible, pinch, toImage, toScreen, zoom } from "./geometry";

const image = { width: 400, height: 200 };
const stage = { width: 1000, height: 800 };
const none = { top: 0, right: 0, bottom: 0, left: 0 };

describe("view", () => {
  it("maps to the screen and back", () => {
    const view = { scale: 1.7, x: -30, y: 12 };
    const there = toScreen(view, { x: 12.5, y: 99 });
    const back = toImage(view, there);
    expect(back.x).toBeCloseTo(12.5);
    expect(back.y).toBeCloseTo(99);
  });

  it("fits a large image between the insets", () => {
    const view = fit({ width: 4000, height: 1000 }, stage, { ...none, left: 100, top: 40 });
    expect(view.scale).toBeCloseTo(0.225);
    expect(view.x).toBeCloseTo(100);
    expect(view.y).toBeCloseTo(40 + (760 - 225) / 2);
  });

  it("enlarges a small image at most twice", () => {
    expect(fit({ width: 10, height: 10 }, stage, none).scale).toBe(2);
  });

  it("zooms about the anchor", () => {
    const view = { scale: 1, x: 10, y: 20 };
    const anchor = { x: 333, y: 111 };
    const before = toImage(view, anchor);
    const after = toImage(zoom(view, anchor, 1.3, image), anchor);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it("keeps the anchor at the zoom limit", () => {
    const view = { scale: 30, x: 10, y: 20 };
    const anchor = { x: 333, y: 111 };
    const zoomed = zoom(view, anchor, 100, image);
    expect(zoomed.scale).toBe(32);
    expect(toImage(zoomed, anchor).x).toBeCloseTo(toImage(view, anchor).x);
  });

  it("keeps the image visible", () => {
    const far = keepVisible({ scale: 1, x: -5000, y: 5000 }, image, stage);
    expect(far.x + image.width).toBeGreaterThan(0);
    expect(far.y).toBeLessThan(stage.height);
  });

  it("pinch keeps both fingers' positions", () => {
    const view = { scale: 1, x: 0, y: 0 };
    const before = [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
    ] as const;
    const after = [
      { x: 150, y: 300 },
      { x: 350, y: 300 },
    ] as const;
    const moved = pinch(view, before, after, image);
    expect(toScreen(moved, before[0])).toEqual(after[0]);
    expect(toScreen(moved, before[1])).toEqual(after[1]);
  });
});
