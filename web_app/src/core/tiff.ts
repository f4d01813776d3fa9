import { CENTIMETRES_IN_INCH, isRgbProfile, startsWith, type Metadata } from "./metadata/metadata";
import type { Pixels } from "./pyramid";

/** Tags and values of TIFF 6.0, and the tag that ICC.1 (annex B) adds. */
const ICC_PROFILE = 34_675;
const PALETTE = 3;
const INCH = 2;

/** Whether a file begins as a TIFF does, in either order of bytes. */
export function isTiff(bytes: Uint8Array): boolean {
  return startsWith(bytes, "II*\0") || startsWith(bytes, "MM\0*");
}

/**
 * Decodes the first page of a TIFF, which browsers can't. Samples of 16 bits and floats are brought down to 8 bits.
 *
 * @throws where its kind isn't known: JPEG or fax compression, other colours than grey, RGB or a palette.
 */
export async function decodeTiff(bytes: Uint8Array): Promise<{ pixels: Pixels; metadata: Metadata }> {
  // Few people ever open one: fetched when it is needed.
  const { decode } = await import("tiff");
  const [page] = decode(bytes, { pages: [0] });
  if (!page) throw new Error("a TIFF without a page");
  const { width, height, data, samplesPerPixel, type, palette, alpha } = page;
  const colours = type === PALETTE || samplesPerPixel < 3 ? 1 : 3;
  const value = scaled(data, page.bitsPerSample);
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * samplesPerPixel;
    const entry = type === PALETTE ? palette?.[data[from] ?? 0] : undefined;
    for (let channel = 0; channel < 3; channel++) {
      rgba[pixel * 4 + channel] = entry
        ? (entry[channel] ?? 0) / 257
        : value(from + Math.min(channel, colours - 1));
    }
    rgba[pixel * 4 + 3] = alpha && samplesPerPixel > colours ? value(from + colours) : 255;
  }
  const profile: unknown = page.fields.get(ICC_PROFILE);
  const icc = profile instanceof Uint8Array && isRgbProfile(profile) ? profile : null;
  const perInch = page.resolutionUnit === INCH ? 1 : CENTIMETRES_IN_INCH;
  const [x, y] = [page.xResolution * perInch, page.yResolution * perInch];
  return {
    pixels: { width, height, data: rgba },
    metadata: { exif: null, icc, density: x > 0 && y > 0 ? { x, y } : null },
  };
}

/** Reads a sample as 0 to 255. */
function scaled(data: ArrayLike<number>, bits: number): (at: number) => number {
  const white = data instanceof Float32Array || data instanceof Float64Array ? 1 : 2 ** bits - 1;
  return (at) => ((data[at] ?? 0) * 255) / white;
}
