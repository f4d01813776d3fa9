/** A picture's pixels, RGBA, row by row. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray;
}

const OPAQUE = 255;
/** From this value on a pixel of a mask counts as painted. */
const PAINTED = 128;

/**
 * The painted pixels of a mask as 255 in one byte a pixel: those that are bright, or opaque where the mask has any
 * transparency, in the nearest-neighbour size that is asked for.
 */
export function fitMask(
  { width, height, data }: Pixels,
  wanted: { width: number; height: number },
): Uint8Array<ArrayBuffer> {
  const transparent = hasTransparency(data);
  const fitted = new Uint8Array(wanted.width * wanted.height);
  for (let y = 0; y < wanted.height; y++) {
    const from = Math.floor((y * height) / wanted.height) * width;
    for (let x = 0; x < wanted.width; x++) {
      const at = (from + Math.floor((x * width) / wanted.width)) * 4;
      const value = transparent ? (data[at + 3] ?? 0) : brightness(data, at);
      if (value >= PAINTED) fitted[y * wanted.width + x] = 255;
    }
  }
  return fitted;
}

function hasTransparency(data: Uint8ClampedArray): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== OPAQUE) return true;
  return false;
}

/** The weights of ITU-R BT.601, as for a grey version of a picture. */
function brightness(data: Uint8ClampedArray, at: number): number {
  return Math.round(0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0));
}
