import { boxOf, intersection, union, whole } from "./box";
import type { Box, Point } from "./geometry";
import { FILL, type Mask } from "./mask";

/** A point of a stroke; `pressure` scales the brush there, 1 where nothing presses. */
export interface StrokePoint extends Point {
  readonly pressure?: number;
}

/** What a round brush leaves on its way, in the picture's pixels. */
export interface Stroke {
  readonly points: readonly StrokePoint[];
  /** Diameter of the brush. */
  readonly size: number;
  /** 1: full to the rim; 0: fading from the middle on. */
  readonly hardness: number;
}

/** Whether something is added to the hole or taken away from it. */
export type Mode = "add" | "remove";

/** A brush grows or shrinks by at most this many pixels before its width is looked at anew. */
const WIDTH_STEP = 0.5;

/**
 * Draws a stroke; the answer is the rectangle that it may have changed. Of a hard brush a pixel is part when its
 * centre is within the brush. Where a stroke crosses itself it isn't thicker.
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
  const pieces = Math.max(Math.ceil(Math.abs(radii[1] - radii[0]) / WIDTH_STEP), 1);
  let changed: Box | null = null;
  for (let piece = 0; piece < pieces; piece++) {
    const [start, end] = [piece / pieces, (piece + 1) / pieces];
    const radius = radii[0] + (radii[1] - radii[0]) * ((start + end) / 2);
    const capsule = new Capsule(between(from, to, start), between(from, to, end), radius);
    changed = union(changed, drawCapsule(mask, capsule, stroke.hardness, mode));
  }
  return changed;
}

function radiusAt({ size }: Stroke, { pressure = 1 }: StrokePoint): number {
  return (size / 2) * pressure;
}

function between(a: Point, b: Point, share: number): Point {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

function drawCapsule(mask: Mask, capsule: Capsule, hardness: number, mode: Mode): Box | null {
  const bounds = capsule.bounds();
  const box = bounds && intersection(bounds, whole(mask));
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
      data.fill(mode === "add" ? FILL : 0, row + first, row + end);
      continue;
    }
    for (let x = first; x < end; x++) {
      const share = softness(capsule.distance(x + 0.5, y + 0.5) / capsule.radius, hardness);
      const old = data[row + x] ?? 0;
      data[row + x] = mode === "add" ? Math.max(old, share) : Math.min(old, FILL - share);
    }
  }
  return box;
}

/** The brush's share at a distance from its middle (1 is the rim): a smooth step from full to nothing. */
export function softness(distance: number, hardness: number): number {
  if (distance <= hardness) return FILL;
  const t = Math.min((distance - hardness) / (1 - hardness), 1);
  return Math.round(FILL * (1 - t * t * (3 - 2 * t)));
}

/** Everything within `radius` of a line from one point to another. */
class Capsule {
  private readonly length: number;
  private readonly along: Point;

  constructor(
    private readonly from: Point,
    private readonly to: Point,
    readonly radius: number,
  ) {
    this.length = Math.hypot(to.x - from.x, to.y - from.y);
    this.along =
      this.length > 0
        ? { x: (to.x - from.x) / this.length, y: (to.y - from.y) / this.length }
        : { x: 1, y: 0 };
  }

  bounds(): Box | null {
    const { from, to, radius } = this;
    return boxOf(
      Math.floor(Math.min(from.x, to.x) - radius),
      Math.floor(Math.min(from.y, to.y) - radius),
      Math.ceil(Math.max(from.x, to.x) + radius),
      Math.ceil(Math.max(from.y, to.y) + radius),
    );
  }

  /** What a horizontal line shares with it, from left to right; it is convex, so that is one interval. */
  span(y: number): [number, number] {
    const [a, b] = [this.disc(this.from, y), this.disc(this.to, y)];
    const between = this.straight(y);
    return [Math.min(a[0], b[0], between[0]), Math.max(a[1], b[1], between[1])];
  }

  distance(x: number, y: number): number {
    const [dx, dy] = [x - this.from.x, y - this.from.y];
    const t = Math.min(Math.max(dx * this.along.x + dy * this.along.y, 0), this.length);
    return Math.hypot(dx - t * this.along.x, dy - t * this.along.y);
  }

  private disc({ x, y }: Point, at: number): [number, number] {
    const squared = this.radius ** 2 - (at - y) ** 2;
    const half = Math.sqrt(squared);
    return squared >= 0 ? [x - half, x + half] : NOTHING;
  }

  /** The rectangle between the two discs. */
  private straight(at: number): [number, number] {
    const { x, y } = this.along;
    const rise = at - this.from.y;
    // Its length bounds the way along the line, its radius the way across.
    const lengthwise = interval(x, y * rise, 0, this.length);
    const across = interval(-y, x * rise, -this.radius, this.radius);
    const [low, high] = [Math.max(lengthwise[0], across[0]), Math.min(lengthwise[1], across[1])];
    return low <= high ? [this.from.x + low, this.from.x + high] : NOTHING;
  }
}

const NOTHING: [number, number] = [Infinity, -Infinity];

/** For which x `low <= slope * x + offset <= high`. */
function interval(slope: number, offset: number, low: number, high: number): [number, number] {
  if (slope === 0) return offset >= low && offset <= high ? [-Infinity, Infinity] : NOTHING;
  const [a, b] = [(low - offset) / slope, (high - offset) / slope];
  return [Math.min(a, b), Math.max(a, b)];
}
