import type { Size } from "../../core/geometry";
import type { ScreenSpace } from "../../core/colour";
import type { Pixels } from "../../core/pyramid";
import {
  formatOf,
  storedPicture,
  uprightSize,
  uprightTransform,
  type Orientation,
  type StoredPicture,
} from "../../core/orientation";
import { readMetadata, type Metadata } from "../../core/metadata";

/** What a canvas can write besides PNG. */
export type LossyType = "image/jpeg" | "image/webp";

/** Rows that are moved between a canvas and memory at a time. */
const BAND = 512;

/** Asks the server for an upright PNG of a file, with its colour profile and no other metadata. */
export type ServerCopy = (file: Blob) => Promise<Blob>;

export interface Decoded {
  readonly pixels: Pixels;
  readonly metadata: Metadata;
}

/**
 * Decodes a picture into upright pixels, its numbers as they are: the profile that says what they mean is saved with
 * them again, so that nothing outside of a hole changes. The orientation is the server's: files that the browser can't
 * decode, or might turn differently, are decoded by the server.
 *
 * @throws what `serverCopy` throws; anything else where the file is of no format that the server reads.
 */
export async function decode(file: Blob, serverCopy: ServerCopy): Promise<Decoded> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const stored = storedPicture(bytes);
  const here = stored && (await decodeHere(file, bytes, stored));
  if (here) return { pixels: here, metadata: await readMetadata(bytes, here) };
  if (!formatOf(bytes)) throw new Error("no known format");
  return decodeCopy(await serverCopy(file), bytes);
}

/** The pixels of a picture as this browser decodes them; null where it can't. */
async function decodeHere(file: Blob, original: Uint8Array, stored: StoredPicture): Promise<Pixels | null> {
  const { bytes, orientation } = stored;
  const source = bytes === original ? file : new Blob([bytes], { type: file.type });
  const bitmap = await createImageBitmap(source, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
  }).catch(() => null);
  if (!bitmap) return null;
  try {
    return pixelsOf(bitmap, orientation);
  } finally {
    bitmap.close();
  }
}

/** The server may have converted colours: of the profile, the copy decides. */
async function decodeCopy(copy: Blob, original: Uint8Array): Promise<Decoded> {
  const bitmap = await decodePatch(copy);
  try {
    const pixels = pixelsOf(bitmap);
    const { icc } = await readMetadata(new Uint8Array(await copy.arrayBuffer()), pixels);
    return { pixels, metadata: { ...(await readMetadata(original, pixels)), icc } };
  } finally {
    bitmap.close();
  }
}

/** Decodes what the server answered: its bytes as they are, whatever profile they name. */
export async function decodePatch(png: Blob): Promise<ImageBitmap> {
  return createImageBitmap(png, { colorSpaceConversion: "none" });
}

/** The pixels of a bitmap, turned upright. Canvases have a largest size and bitmaps don't: they are read in bands. */
export function pixelsOf(bitmap: ImageBitmap, orientation: Orientation = 1): Pixels {
  const { width, height } = uprightSize(orientation, bitmap);
  const [a, b, c, d, e, f] = uprightTransform(orientation, bitmap);
  const data = new Uint8ClampedArray(width * height * 4);
  const context = canvasOf({ width, height: Math.min(BAND, height) });
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    context.resetTransform();
    context.clearRect(0, 0, width, rows);
    context.setTransform(a, b, c, d, e, f - top);
    context.drawImage(bitmap, 0, 0);
    data.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return { width, height, data };
}

export function toBitmap(
  { data, width, height }: Pixels,
  colorSpace: ScreenSpace = "srgb",
): Promise<ImageBitmap> {
  return createImageBitmap(new ImageData(data, width, height, { colorSpace }));
}

/** Writes pixels in a format of the canvas; `quality` from 0 to 1. The answer is a PNG where the browser can't. */
export async function encodeLossy(pixels: Pixels, type: LossyType, quality: number): Promise<Blob> {
  const context = canvasOf(pixels);
  for (let top = 0; top < pixels.height; top += BAND) {
    const rows = Math.min(BAND, pixels.height - top);
    const band = pixels.data.subarray(top * pixels.width * 4, (top + rows) * pixels.width * 4);
    context.putImageData(new ImageData(band, pixels.width, rows), 0, top);
  }
  if (type === "image/jpeg") {
    // JPEG has no transparency; white is what paper would show.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, pixels.width, pixels.height);
  }
  return context.canvas.convertToBlob({ type, quality });
}

export function canvasOf({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas of this size");
  return context;
}
