import { grown, whole } from "./box";
import type { Box } from "./geometry";
import { cut, FILL, holeBox, paste, type Mask } from "./mask";

/** What counts as part of the hole where only part or no part is asked for. */
const HALF = 128;

/** Turns hole and rest around. */
export function invert(mask: Mask): Box {
  for (let index = 0; index < mask.data.length; index++) mask.data[index] = FILL - (mask.data[index] ?? 0);
  return whole(mask);
}

/**
 * Moves the rim of the hole by `by` pixels, outwards or, where negative, inwards. The picture's edge is no rim: a
 * hole that reaches it doesn't shrink from there. Soft rims become hard.
 */
export function grow(mask: Mask, by: number): Box | null {
  return around(mask, Math.max(Math.ceil(by), 0) + 1, (part) => {
    if (by >= 0) return near(part, by, (value) => value >= HALF);
    const rest = near(part, -by, (value) => value < HALF);
    return { ...rest, data: rest.data.map((value) => FILL - value) };
  });
}

/** Blurs the rim of the hole; about `by` pixels on either side become soft. */
export function feather(mask: Mask, by: number): Box | null {
  // Three box blurs come close to a Gaussian one of the same spread.
  const radius = Math.max(Math.round(by / 3), 1);
  return around(mask, radius * 3, (part) => {
    let blurred = part;
    for (let pass = 0; pass < 3; pass++) {
      blurred = transposed(blurredRows(transposed(blurredRows(blurred, radius)), radius));
    }
    return blurred;
  });
}

/** Works on the hole with some pixels around it. */
function around(mask: Mask, reach: number, work: (part: Mask) => Mask): Box | null {
  const hole = holeBox(mask);
  if (!hole) return null;
  const box = grown(hole, reach, mask);
  paste(mask, work(cut(mask, box)), box.x, box.y);
  return box;
}

/**
 * Every pixel with one that `is` within `radius` becomes 255. Exact Euclidean distances in two passes, after Meijster,
 * Roerdink and Hesselink (2000): first down the columns, then along the rows.
 */
function near({ width, height, data }: Mask, radius: number, is: (value: number) => boolean): Mask {
  const far = Math.ceil(radius) + 1;
  const vertical = new Uint16Array(width * height);
  for (let x = 0; x < width; x++) {
    let away = far;
    for (let y = 0; y < height; y++) {
      away = is(data[y * width + x] ?? 0) ? 0 : Math.min(away + 1, far);
      vertical[y * width + x] = away;
    }
    away = far;
    for (let y = height - 1; y >= 0; y--) {
      away = is(data[y * width + x] ?? 0) ? 0 : Math.min(away + 1, far);
      vertical[y * width + x] = Math.min(vertical[y * width + x] ?? far, away);
    }
  }
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    // At this height a column reaches so far to either side. What the columns to the left of a pixel reach, and those
    // to its right, is all that can reach it.
    const half = (x: number): number => Math.floor(Math.sqrt(radius ** 2 - (vertical[row + x] ?? far) ** 2));
    const reaches = (x: number): boolean => (vertical[row + x] ?? far) <= radius;
    let reached = -1;
    for (let x = 0; x < width; x++) {
      if (reaches(x)) reached = Math.max(reached, x + half(x));
      if (reached >= x) out[row + x] = FILL;
    }
    reached = width;
    for (let x = width - 1; x >= 0; x--) {
      if (reaches(x)) reached = Math.min(reached, x - half(x));
      if (reached <= x) out[row + x] = FILL;
    }
  }
  return { width, height, data: out };
}

function blurredRows({ width, height, data }: Mask, radius: number): Mask {
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
