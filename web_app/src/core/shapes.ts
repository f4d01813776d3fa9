import { boundsOf, intersection, whole } from "./box";
import type { Box, Point } from "./geometry";
import { FILL, type Mask } from "./mask";
import type { Mode } from "./strokes";

/**
 * Fills a polygon, closed from its last point to its first; the answer is the rectangle that it may have changed. A
 * pixel is part when its centre is inside by the non-zero rule: what a lasso goes around twice isn't left out.
 */
export function drawPolygon(mask: Mask, points: readonly Point[], mode: Mode): Box | null {
  const box = within(mask, points);
  if (!box || points.length < 3) return null;
  for (let y = box.y; y < box.y + box.height; y++) {
    let winding = 0;
    let entered = 0;
    for (const { x, turn } of crossings(points, y + 0.5)) {
      if (winding === 0) entered = x;
      winding += turn;
      if (winding === 0) fillRow(mask, y, entered, x, mode);
    }
  }
  return box;
}

/** Fills the ellipse that touches the sides of the rectangle between two corners. */
export function drawEllipse(mask: Mask, a: Point, b: Point, mode: Mode): Box | null {
  const box = within(mask, [a, b]);
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const [across, down] = [Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2];
  if (!box || across === 0 || down === 0) return null;
  for (let y = box.y; y < box.y + box.height; y++) {
    const share = 1 - ((y + 0.5 - middle.y) / down) ** 2;
    if (share < 0) continue;
    const half = across * Math.sqrt(share);
    fillRow(mask, y, middle.x - half, middle.x + half, mode);
  }
  return box;
}

/** The corners of the rectangle between two of them. */
export function corners(a: Point, b: Point): Point[] {
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

interface Crossing {
  readonly x: number;
  /** 1 where the outline goes down, -1 where it goes up. */
  readonly turn: number;
}

function crossings(points: readonly Point[], y: number): Crossing[] {
  const found: Crossing[] = [];
  let from = points.at(-1);
  for (const to of points) {
    // Half-open, so that a corner on the line counts once.
    if (from && from.y <= y !== to.y <= y) {
      const x = from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
      found.push({ x, turn: from.y <= y ? 1 : -1 });
    }
    from = to;
  }
  return found.sort((a, b) => a.x - b.x);
}

function within(mask: Mask, points: readonly Point[]): Box | null {
  const bounds = boundsOf(points, 0);
  return bounds && intersection(bounds, whole(mask));
}

/** Fills the pixels of a row whose centres lie from `low` to `high`. */
function fillRow({ width, data }: Mask, y: number, low: number, high: number, mode: Mode): void {
  const first = Math.max(Math.ceil(low - 0.5), 0);
  const end = Math.min(Math.ceil(high - 0.5), width);
  if (first < end) data.fill(mode === "add" ? FILL : 0, y * width + first, y * width + end);
}
