import { hasTransparency } from "../core/mask";
import type { Pixels } from "../core/pyramid";

/** From this value on a pixel of a mask counts as painted. */
const PAINTED = 128;

/**
 * Returns the painted pixels of a mask as 255 in one byte a pixel: those that are bright, or opaque where the mask has
 * any transparency.
 */
export function paintedMask({ width, height, data }: Pixels): Uint8Array<ArrayBuffer> {
  const transparent = hasTransparency(data);
  const painted = new Uint8Array(width * height);
  for (let pixel = 0; pixel < painted.length; pixel++) {
    const value = transparent ? (data[pixel * 4 + 3] ?? 0) : brightness(data, pixel * 4);
    if (value >= PAINTED) painted[pixel] = 255;
  }
  return painted;
}

/** The weights of ITU-R BT.601, as for a grey version of a picture. */
function brightness(data: Uint8ClampedArray, at: number): number {
  return Math.round(0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0));
}
