import { boxFromEdges } from "./box";
import type { Box, Size } from "./geometry";

/**
 * Coverage of the hole, one byte per pixel, row by row: 255 is filled, 0 is kept, values between are blended.
 */
export interface Mask extends Size {
  readonly data: Uint8Array<ArrayBuffer>;
}

export const FULL_COVERAGE = 255;

export function emptyMask({ width, height }: Size): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** Returns a copy of a rectangle of the mask. */
export function crop(mask: Mask, { x, y, width, height }: Box): Mask {
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * mask.width + x;
    data.set(mask.data.subarray(from, from + width), row * width);
  }
  return { width, height, data };
}

/** Copies a smaller mask into a larger one at (`x`, `y`). */
export function paste(mask: Mask, part: Mask, x: number, y: number): void {
  for (let row = 0; row < part.height; row++) {
    mask.data.set(part.data.subarray(row * part.width, (row + 1) * part.width), (y + row) * mask.width + x);
  }
}

/** Returns the bounding box of all non-zero pixels; null for an empty mask. */
export function holeBox({ width, height, data }: Mask): Box | null {
  let top = 0;
  while (top < height && isEmpty(data, top * width, (top + 1) * width)) top++;
  if (top === height) return null;
  let bottom = height;
  while (isEmpty(data, (bottom - 1) * width, bottom * width)) bottom--;
  let left = width;
  let right = 0;
  for (let row = top; row < bottom; row++) {
    const start = row * width;
    // Only columns outside the current bounds can widen them.
    let column = 0;
    while (column < left && data[start + column] === 0) column++;
    left = Math.min(left, column);
    column = width;
    while (column > right && data[start + column - 1] === 0) column--;
    right = Math.max(right, column);
  }
  return boxFromEdges(left, top, right, bottom);
}

function isEmpty(data: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (data[index] !== 0) return false;
  return true;
}

/**
 * Returns the mask with every non-zero pixel set to 255: the hole as the server fills it, before blending.
 */
export function binarize({ width, height, data }: Mask): Mask {
  return { width, height, data: data.map((value) => (value > 0 ? FULL_COVERAGE : 0)) };
}

/** Returns the mask scaled to `size` by the nearest pixels, so that a binary mask stays binary. */
export function scaled(mask: Mask, size: Size): Mask {
  const result = emptyMask(size);
  if (!holeBox(mask)) return result;
  for (let y = 0; y < size.height; y++) {
    const from = Math.floor(((y + 0.5) * mask.height) / size.height) * mask.width;
    for (let x = 0; x < size.width; x++) {
      const column = Math.floor(((x + 0.5) * mask.width) / size.width);
      result.data[y * size.width + x] = mask.data[from + column] ?? 0;
    }
  }
  return result;
}

/** Returns the inverse of a mask. */
export function inverted(mask: Mask): Mask {
  return { ...mask, data: mask.data.map((value) => FULL_COVERAGE - value) };
}

/** Reads a mask from RGBA pixels: from their luma, or from their alpha channel. */
export function maskFromPixels(
  { width, height }: Size,
  rgba: Uint8ClampedArray,
  source: "brightness" | "opacity",
): Mask {
  const data = new Uint8Array(width * height);
  for (let index = 0; index < data.length; index++) {
    const at = index * 4;
    const [red = 0, green = 0, blue = 0, alpha = 0] = [rgba[at], rgba[at + 1], rgba[at + 2], rgba[at + 3]];
    // Luma weights of ITU-R BT.601.
    data[index] = source === "opacity" ? alpha : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return { width, height, data };
}

/** Returns true if any pixel isn't opaque. */
export function hasTransparency(rgba: Uint8ClampedArray): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true;
  return false;
}
