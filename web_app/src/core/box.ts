import type { Box, Point, Size } from "./geometry";

/** Rectangles of whole pixels. An empty rectangle is represented by null. */

export function boxFromEdges(left: number, top: number, right: number, bottom: number): Box | null {
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

export function fullBox({ width, height }: Size): Box {
  return { x: 0, y: 0, width, height };
}

export function intersection(a: Box, b: Box): Box | null {
  return boxFromEdges(
    Math.max(a.x, b.x),
    Math.max(a.y, b.y),
    Math.min(a.x + a.width, b.x + b.width),
    Math.min(a.y + a.height, b.y + b.height),
  );
}

/** Returns the smallest rectangle that contains both. */
export function union(a: Box | null, b: Box | null): Box | null {
  if (!a || !b) return a ?? b;
  return boxFromEdges(
    Math.min(a.x, b.x),
    Math.min(a.y, b.y),
    Math.max(a.x + a.width, b.x + b.width),
    Math.max(a.y + a.height, b.y + b.height),
  );
}

/** Returns `box` expanded by `by` pixels on every side and clipped to an image of size `image`. */
export function expanded(box: Box, by: number, image: Size): Box {
  return (
    intersection(
      { x: box.x - by, y: box.y - by, width: box.width + 2 * by, height: box.height + 2 * by },
      fullBox(image),
    ) ?? box
  );
}

/** Returns the bounding box of the points, expanded by `reach` pixels on every side; null without points. */
export function boundingBox(points: readonly Point[], reach: number): Box | null {
  // Not `Math.min(...xs)`: a lasso can have more points than a call may have arguments.
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of points) {
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  if (left > right) return null;
  return boxFromEdges(
    Math.floor(left - reach),
    Math.floor(top - reach),
    Math.ceil(right + reach),
    Math.ceil(bottom + reach),
  );
}
