import type { Box, Point, Size } from "./geometry";

/** One stroke of a round brush over the picture, in the picture's pixels. */
export interface Stroke {
  /** `paint` adds to the hole, `erase` takes away from it. */
  readonly mode: "paint" | "erase";
  /** Diameter of the brush. */
  readonly size: number;
  readonly points: readonly Point[];
}

/** One byte a pixel, row by row: 255 is to be filled, 0 is kept. */
export interface Mask extends Size {
  readonly data: Uint8Array<ArrayBuffer>;
}

export const FILL = 255;

/** Draws strokes in their order. A pixel belongs to a stroke when its centre is within half a brush of the path. */
export function rasterize(strokes: readonly Stroke[], size: Size): Mask {
  const mask = { ...size, data: new Uint8Array(size.width * size.height) };
  for (const stroke of strokes) {
    const value = stroke.mode === "paint" ? FILL : 0;
    const radius = stroke.size / 2;
    let from = stroke.points[0];
    for (const to of stroke.points) {
      fillCapsule(mask, from ?? to, to, radius, value);
      from = to;
    }
  }
  return mask;
}

function fillCapsule(mask: Mask, from: Point, to: Point, radius: number, value: number): void {
  const { width, height, data } = mask;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const squaredLength = dx * dx + dy * dy;
  const squaredRadius = radius * radius;
  const top = Math.max(Math.floor(Math.min(from.y, to.y) - radius), 0);
  const bottom = Math.min(Math.ceil(Math.max(from.y, to.y) + radius), height);
  const left = Math.max(Math.floor(Math.min(from.x, to.x) - radius), 0);
  const right = Math.min(Math.ceil(Math.max(from.x, to.x) + radius), width);
  for (let row = top; row < bottom; row++) {
    const y = row + 0.5 - from.y;
    for (let column = left; column < right; column++) {
      const x = column + 0.5 - from.x;
      // The nearest point of the segment, as a fraction of its length.
      const t = squaredLength === 0 ? 0 : Math.min(Math.max((x * dx + y * dy) / squaredLength, 0), 1);
      const away = (x - t * dx) ** 2 + (y - t * dy) ** 2;
      if (away <= squaredRadius) data[row * width + column] = value;
    }
  }
}

/** The smallest rectangle that holds the hole; null where there is none. */
export function holeBox(mask: Mask): Box | null {
  const { width, height, data } = mask;
  const first = data.indexOf(FILL);
  if (first === -1) return null;
  const top = Math.floor(first / width);
  const bottom = Math.floor(data.lastIndexOf(FILL) / width);
  let left = width;
  let right = 0;
  for (let row = top; row <= bottom && row < height; row++) {
    const line = data.subarray(row * width, (row + 1) * width);
    const start = line.indexOf(FILL);
    if (start === -1) continue;
    left = Math.min(left, start);
    right = Math.max(right, line.lastIndexOf(FILL));
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}
