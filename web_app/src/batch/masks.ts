import { hasTransparency } from "../core/mask";
import type { Pixels } from "../core/pyramid";

/** Luma or alpha values from this one on belong to the hole. */
const THRESHOLD = 128;

/**
 * Returns a binary mask, one byte per pixel: 255 where a pixel is bright, or where it is opaque if any pixel
 * is transparent.
 */
export function binaryMask({ width, height, data }: Pixels): Uint8Array<ArrayBuffer> {
  const transparent = hasTransparency(data);
  const painted = new Uint8Array(width * height);
  for (let pixel = 0; pixel < painted.length; pixel++) {
    const value = transparent ? (data[pixel * 4 + 3] ?? 0) : brightness(data, pixel * 4);
    if (value >= THRESHOLD) painted[pixel] = 255;
  }
  return painted;
}

/**
 * Returns the binary mask of a plugin's objects, or of everything else; null without an object. Plugins leave
 * unmasked pixels transparent or black.
 */
export function objectMask(pixels: Pixels, invert: boolean): Uint8Array<ArrayBuffer> | null {
  const mask = binaryMask(pixels);
  if (!mask.includes(255)) return null;
  return invert ? mask.map((value) => 255 - value) : mask;
}

/** Returns the luma (ITU-R BT.601). */
function brightness(data: Uint8ClampedArray, at: number): number {
  return Math.round(0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0));
}
