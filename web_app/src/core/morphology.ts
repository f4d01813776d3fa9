import { expanded, fullBox } from "./box";
import type { Box } from "./geometry";
import { crop, FULL_COVERAGE, holeBox, paste, type Mask } from "./mask";

/** Mask values from this one on belong to the hole in binary operations. */
const THRESHOLD = 128;

/** Inverts the mask in place. */
export function invert(mask: Mask): Box {
  for (let index = 0; index < mask.data.length; index++)
    mask.data[index] = FULL_COVERAGE - (mask.data[index] ?? 0);
  return fullBox(mask);
}

/**
 * Dilates the hole by `by` pixels in place, or erodes it if negative. The image's edge isn't a boundary: a
 * hole that reaches it isn't eroded from there. Soft edges become binary.
 */
export function grow(mask: Mask, by: number): Box | null {
  return processHole(mask, Math.max(Math.ceil(by), 0) + 1, (part) => {
    if (by >= 0) return dilated(part, by, (value) => value >= THRESHOLD);
    const outside = dilated(part, -by, (value) => value < THRESHOLD);
    return { ...outside, data: outside.data.map((value) => FULL_COVERAGE - value) };
  });
}

/** Blurs the hole's edge in place; about `by` pixels on either side become soft. */
export function feather(mask: Mask, by: number): Box | null {
  // Three box blurs approximate a Gaussian of the same standard deviation.
  const radius = Math.max(Math.round(by / 3), 1);
  return processHole(mask, radius * 3, (part) => {
    let blurred = part;
    for (let pass = 0; pass < 3; pass++) {
      blurred = transposed(boxBlurRows(transposed(boxBlurRows(blurred, radius)), radius));
    }
    return blurred;
  });
}

/** Applies an operation to the hole's bounding box, expanded by `reach` pixels. */
function processHole(mask: Mask, reach: number, operation: (part: Mask) => Mask): Box | null {
  const hole = holeBox(mask);
  if (!hole) return null;
  const box = expanded(hole, reach, mask);
  paste(mask, operation(crop(mask, box)), box.x, box.y);
  return box;
}

/**
 * Returns a binary mask of all pixels at most `radius` from one that satisfies `isInside`. Exact Euclidean
 * distances in two passes, after Meijster, Roerdink and Hesselink (2000): columns first, then rows.
 */
function dilated({ width, height, data }: Mask, radius: number, isInside: (value: number) => boolean): Mask {
  const maxDistance = Math.ceil(radius) + 1;
  const columnDistance = new Uint16Array(width * height);
  for (let x = 0; x < width; x++) {
    let distance = maxDistance;
    for (let y = 0; y < height; y++) {
      distance = isInside(data[y * width + x] ?? 0) ? 0 : Math.min(distance + 1, maxDistance);
      columnDistance[y * width + x] = distance;
    }
    distance = maxDistance;
    for (let y = height - 1; y >= 0; y--) {
      distance = isInside(data[y * width + x] ?? 0) ? 0 : Math.min(distance + 1, maxDistance);
      columnDistance[y * width + x] = Math.min(columnDistance[y * width + x] ?? maxDistance, distance);
    }
  }
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    // Half width of each column's disc at this row. A pixel is covered if a column to its left or to its
    // right reaches it.
    const halfWidth = (x: number): number =>
      Math.floor(Math.sqrt(radius ** 2 - (columnDistance[row + x] ?? maxDistance) ** 2));
    const inRange = (x: number): boolean => (columnDistance[row + x] ?? maxDistance) <= radius;
    let covered = -1;
    for (let x = 0; x < width; x++) {
      if (inRange(x)) covered = Math.max(covered, x + halfWidth(x));
      if (covered >= x) out[row + x] = FULL_COVERAGE;
    }
    covered = width;
    for (let x = width - 1; x >= 0; x--) {
      if (inRange(x)) covered = Math.min(covered, x - halfWidth(x));
      if (covered <= x) out[row + x] = FULL_COVERAGE;
    }
  }
  return { width, height, data: out };
}

function boxBlurRows({ width, height, data }: Mask, radius: number): Mask {
  const out = new Uint8Array(width * height);
  const size = 2 * radius + 1;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const at = (x: number): number => data[row + Math.min(Math.max(x, 0), width - 1)] ?? 0;
    let sum = 0;
    for (let x = -radius; x <= radius; x++) sum += at(x);
    for (let x = 0; x < width; x++) {
      out[row + x] = Math.round(sum / size);
      sum += at(x + radius + 1) - at(x - radius);
    }
  }
  return { width, height, data: out };
}

function transposed({ width, height, data }: Mask): Mask {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) out[x * height + y] = data[y * width + x] ?? 0;
  return { width: height, height: width, data: out };
}
