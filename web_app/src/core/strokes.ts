import { boxFromEdges, fullBox, intersection, union } from "./box";
import type { Box, Point } from "./geometry";
import { FULL_COVERAGE, type Mask } from "./mask";

/** A point of a stroke; `pressure` scales the brush diameter there (1 for devices without pressure). */
export interface StrokePoint extends Point {
  readonly pressure?: number;
}

/** A stroke of a round brush; lengths in image pixels. */
export interface Stroke {
  readonly points: readonly StrokePoint[];
  /** Diameter of the brush. */
  readonly size: number;
  /** Relative radius of full coverage: 1 is a hard edge, 0 fades from the centre. */
  readonly hardness: number;
}

/** Adds to the hole or removes from it. */
export type Mode = "add" | "remove";

/** Largest change of the radius within one piece of a segment, in pixels. */
const MAX_RADIUS_STEP = 0.5;

/**
 * Draws a stroke in place. A pixel belongs to a hard brush if its centre is inside; overlaps don't
 * accumulate. Returns the rectangle that may have changed.
 */
export function drawStroke(mask: Mask, stroke: Stroke, mode: Mode): Box | null {
  let changed: Box | null = null;
  let from = stroke.points[0];
  for (const to of stroke.points) {
    changed = union(changed, drawSegment(mask, from ?? to, to, stroke, mode));
    from = to;
  }
  return changed;
}

function drawSegment(mask: Mask, from: StrokePoint, to: StrokePoint, stroke: Stroke, mode: Mode): Box | null {
  const radii = [radiusAt(stroke, from), radiusAt(stroke, to)] as const;
  const pieces = Math.max(Math.ceil(Math.abs(radii[1] - radii[0]) / MAX_RADIUS_STEP), 1);
  let changed: Box | null = null;
  for (let piece = 0; piece < pieces; piece++) {
    const [start, end] = [piece / pieces, (piece + 1) / pieces];
    const radius = radii[0] + (radii[1] - radii[0]) * ((start + end) / 2);
    const capsule = new Capsule(interpolate(from, to, start), interpolate(from, to, end), radius);
    changed = union(changed, drawCapsule(mask, capsule, stroke.hardness, mode));
  }
  return changed;
}

function radiusAt({ size }: Stroke, { pressure = 1 }: StrokePoint): number {
  return (size / 2) * pressure;
}

function interpolate(a: Point, b: Point, fraction: number): Point {
  return { x: a.x + (b.x - a.x) * fraction, y: a.y + (b.y - a.y) * fraction };
}

function drawCapsule(mask: Mask, capsule: Capsule, hardness: number, mode: Mode): Box | null {
  const bounds = capsule.bounds();
  const box = bounds && intersection(bounds, fullBox(mask));
  if (!box) return null;
  const { data, width } = mask;
  for (let y = box.y; y < box.y + box.height; y++) {
    const [low, high] = capsule.span(y + 0.5);
    // Pixels whose centres lie within the span.
    const first = Math.max(Math.ceil(low - 0.5), box.x);
    const end = Math.min(Math.floor(high - 0.5) + 1, box.x + box.width);
    if (first >= end) continue;
    const row = y * width;
    if (hardness >= 1) {
      data.fill(mode === "add" ? FULL_COVERAGE : 0, row + first, row + end);
      continue;
    }
    for (let x = first; x < end; x++) {
      const coverage = brushCoverage(capsule.distance(x + 0.5, y + 0.5) / capsule.radius, hardness);
      const old = data[row + x] ?? 0;
      data[row + x] = mode === "add" ? Math.max(old, coverage) : Math.min(old, FULL_COVERAGE - coverage);
    }
  }
  return box;
}

/**
 * Returns a soft brush's mask value at a distance from its centre (1 is the rim): a smoothstep from 255 to 0.
 */
export function brushCoverage(distance: number, hardness: number): number {
  if (distance <= hardness) return FULL_COVERAGE;
  const t = Math.min((distance - hardness) / (1 - hardness), 1);
  return Math.round(FULL_COVERAGE * (1 - t * t * (3 - 2 * t)));
}

/** A capsule: all points at most `radius` from a line segment. */
class Capsule {
  private readonly length: number;
  private readonly direction: Point;

  constructor(
    private readonly from: Point,
    private readonly to: Point,
    readonly radius: number,
  ) {
    this.length = Math.hypot(to.x - from.x, to.y - from.y);
    this.direction =
      this.length > 0
        ? { x: (to.x - from.x) / this.length, y: (to.y - from.y) / this.length }
        : { x: 1, y: 0 };
  }

  bounds(): Box | null {
    const { from, to, radius } = this;
    return boxFromEdges(
      Math.floor(Math.min(from.x, to.x) - radius),
      Math.floor(Math.min(from.y, to.y) - radius),
      Math.ceil(Math.max(from.x, to.x) + radius),
      Math.ceil(Math.max(from.y, to.y) + radius),
    );
  }

  /** Returns the intersection with a horizontal line; it is one interval, since a capsule is convex. */
  span(y: number): [number, number] {
    const [a, b] = [this.discSpan(this.from, y), this.discSpan(this.to, y)];
    const middle = this.rectangleSpan(y);
    return [Math.min(a[0], b[0], middle[0]), Math.max(a[1], b[1], middle[1])];
  }

  distance(x: number, y: number): number {
    const [dx, dy] = [x - this.from.x, y - this.from.y];
    const t = Math.min(Math.max(dx * this.direction.x + dy * this.direction.y, 0), this.length);
    return Math.hypot(dx - t * this.direction.x, dy - t * this.direction.y);
  }

  private discSpan({ x, y }: Point, at: number): [number, number] {
    const squared = this.radius ** 2 - (at - y) ** 2;
    const half = Math.sqrt(squared);
    return squared >= 0 ? [x - half, x + half] : EMPTY;
  }

  /** Returns the intersection with the rectangle between the two discs. */
  private rectangleSpan(at: number): [number, number] {
    const { x, y } = this.direction;
    const rise = at - this.from.y;
    // Bounds along the segment (its length) and across it (the radius).
    const lengthwise = solveInterval(x, y * rise, 0, this.length);
    const across = solveInterval(-y, x * rise, -this.radius, this.radius);
    const [low, high] = [Math.max(lengthwise[0], across[0]), Math.min(lengthwise[1], across[1])];
    return low <= high ? [this.from.x + low, this.from.x + high] : EMPTY;
  }
}

const EMPTY: [number, number] = [Infinity, -Infinity];

/** Solves `low <= slope * x + offset <= high` for x. */
function solveInterval(slope: number, offset: number, low: number, high: number): [number, number] {
  if (slope === 0) return offset >= low && offset <= high ? [-Infinity, Infinity] : EMPTY;
  const [a, b] = [(low - offset) / slope, (high - offset) / slope];
  return [Math.min(a, b), Math.max(a, b)];
}
