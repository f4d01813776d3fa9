import { boxOf } from "./box";
import type { Box, Size } from "./geometry";

/** One byte a pixel, row by row: 255 is filled whole, 0 is kept, what lies between is blended. */
export interface Mask extends Size {
  readonly data: Uint8Array<ArrayBuffer>;
}

export const FILL = 255;

export function emptyMask({ width, height }: Size): Mask {
  return { width, height, data: new Uint8Array(width * height) };
}

/** The part of a mask that a rectangle within it shows. */
export function cut(mask: Mask, { x, y, width, height }: Box): Mask {
  const data = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * mask.width + x;
    data.set(mask.data.subarray(from, from + width), row * width);
  }
  return { width, height, data };
}

/** Puts a smaller mask into a larger one. */
export function paste(mask: Mask, part: Mask, x: number, y: number): void {
  for (let row = 0; row < part.height; row++) {
    mask.data.set(part.data.subarray(row * part.width, (row + 1) * part.width), (y + row) * mask.width + x);
  }
}

/** The smallest rectangle that holds the hole; null where there is none. */
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
    // Only what lies outside of the columns found so far can widen them.
    let column = 0;
    while (column < left && data[start + column] === 0) column++;
    left = Math.min(left, column);
    column = width;
    while (column > right && data[start + column - 1] === 0) column--;
    right = Math.max(right, column);
  }
  return boxOf(left, top, right, bottom);
}

function isEmpty(data: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) if (data[index] !== 0) return false;
  return true;
}

/** Every pixel with any share in the hole, as 255: what a server is to fill before the shares are blended. */
export function binary({ width, height, data }: Mask): Mask {
  return { width, height, data: data.map((value) => (value > 0 ? FILL : 0)) };
}

/** Reads a mask from a picture: its brightness, or its opacity where that says something. */
export function maskFromPixels(
  { width, height }: Size,
  rgba: Uint8ClampedArray,
  source: "brightness" | "opacity",
): Mask {
  const data = new Uint8Array(width * height);
  for (let index = 0; index < data.length; index++) {
    const at = index * 4;
    const [red = 0, green = 0, blue = 0, alpha = 0] = [rgba[at], rgba[at + 1], rgba[at + 2], rgba[at + 3]];
    // The weights of ITU-R BT.601, as for a grey version of the picture.
    data[index] = source === "opacity" ? alpha : Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return { width, height, data };
}

/** Whether any pixel lets something shine through. */
export function hasTransparency(rgba: Uint8ClampedArray): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true;
  return false;
}
