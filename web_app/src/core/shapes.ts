import { boundingBox, fullBox, intersection } from "./box";
import type { Box, Point } from "./geometry";
import { FULL_COVERAGE, type Mask } from "./mask";
import type { Mode } from "./strokes";

/**
 * Fills a closed polygon in place by the non-zero winding rule: areas that a lasso encircles twice stay
 * filled. A pixel belongs to it if its centre is inside. Returns the rectangle that may have changed.
 */
export function drawPolygon(mask: Mask, points: readonly Point[], mode: Mode): Box | null {
  const box = clippedBounds(mask, points);
  if (!box || points.length < 3) return null;
  for (let y = box.y; y < box.y + box.height; y++) {
    let winding = 0;
    let entered = 0;
    for (const { x, direction } of crossings(points, y + 0.5)) {
      if (winding === 0) entered = x;
      winding += direction;
      if (winding === 0) fillRow(mask, y, entered, x, mode);
    }
  }
  return box;
}

/** Fills the ellipse inscribed in the rectangle between two corners, in place. */
export function drawEllipse(mask: Mask, a: Point, b: Point, mode: Mode): Box | null {
  const box = clippedBounds(mask, [a, b]);
  const centre = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const [radiusX, radiusY] = [Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2];
  if (!box || radiusX === 0 || radiusY === 0) return null;
  for (let y = box.y; y < box.y + box.height; y++) {
    const remainder = 1 - ((y + 0.5 - centre.y) / radiusY) ** 2;
    if (remainder < 0) continue;
    const halfWidth = radiusX * Math.sqrt(remainder);
    fillRow(mask, y, centre.x - halfWidth, centre.x + halfWidth, mode);
  }
  return box;
}

/** Returns the four corners of a rectangle given by two opposite ones. */
export function rectangleCorners(a: Point, b: Point): Point[] {
  return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
}

interface Crossing {
  readonly x: number;
  /** 1 for a downward edge, -1 for an upward edge. */
  readonly direction: number;
}

function crossings(points: readonly Point[], y: number): Crossing[] {
  const result: Crossing[] = [];
  let from = points.at(-1);
  for (const to of points) {
    // Half-open interval: a vertex on the scan line counts once.
    if (from && from.y <= y !== to.y <= y) {
      const x = from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x);
      result.push({ x, direction: from.y <= y ? 1 : -1 });
    }
    from = to;
  }
  return result.sort((a, b) => a.x - b.x);
}

function clippedBounds(mask: Mask, points: readonly Point[]): Box | null {
  const bounds = boundingBox(points, 0);
  return bounds && intersection(bounds, fullBox(mask));
}

/** Fills the pixels of a row whose centres lie between `low` and `high`. */
function fillRow({ width, data }: Mask, y: number, low: number, high: number, mode: Mode): void {
  const first = Math.max(Math.ceil(low - 0.5), 0);
  const end = Math.min(Math.ceil(high - 0.5), width);
  if (first < end) data.fill(mode === "add" ? FULL_COVERAGE : 0, y * width + first, y * width + end);
}
