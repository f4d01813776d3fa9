import type { Size } from "../../core/geometry";
import type { ScreenSpace } from "../../core/colour";
import type { Pixels } from "../../core/pyramid";
import {
  formatOf,
  storedImage,
  uprightSize,
  uprightTransform,
  type Orientation,
  type StoredImage,
} from "../../core/orientation";
import { readMetadata, type Metadata } from "../../core/metadata";

/** Lossy formats of the canvas encoder. */
export type LossyType = "image/jpeg" | "image/webp";

/** Rows copied at a time between a canvas and memory. */
const BAND_ROWS = 512;

/** Requests an upright PNG of a file from the server, with its ICC profile and no other metadata. */
export type ServerDecoder = (file: Blob) => Promise<Blob>;

export interface Decoded {
  readonly pixels: Pixels;
  readonly metadata: Metadata;
  /** A copy of the file in memory if it is a JPEG, since a file on disk can change; otherwise null. */
  readonly jpeg: Blob | null;
}

/**
 * Decodes an image into upright pixels without colour conversion; the ICC profile is written back on saving,
 * so pixels outside a hole keep their values. The server decodes files that this browser can't decode, or may
 * rotate differently.
 *
 * @throws the error of `decodeOnServer`, or an `Error` for a format that the server doesn't decode.
 */
export async function decode(file: Blob, decodeOnServer: ServerDecoder): Promise<Decoded> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const stored = storedImage(bytes);
  const pixels = stored && (await decodeInBrowser(file, bytes, stored));
  const format = formatOf(bytes);
  const jpeg = format === "jpeg" ? new Blob([bytes], { type: "image/jpeg" }) : null;
  if (pixels) return { pixels, metadata: await readMetadata(bytes, pixels), jpeg };
  if (!format) throw new Error("unknown image format");
  return { ...(await decodeServerCopy(await decodeOnServer(file), bytes)), jpeg };
}

/** Decodes an image in the browser; null if it can't. */
async function decodeInBrowser(
  file: Blob,
  original: Uint8Array,
  stored: StoredImage,
): Promise<Pixels | null> {
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

/** The server may have converted colours, so the ICC profile is the copy's. */
async function decodeServerCopy(copy: Blob, original: Uint8Array): Promise<Omit<Decoded, "jpeg">> {
  const bitmap = await decodePatch(copy);
  try {
    const pixels = pixelsOf(bitmap);
    const { icc } = await readMetadata(new Uint8Array(await copy.arrayBuffer()), pixels);
    return { pixels, metadata: { ...(await readMetadata(original, pixels)), icc } };
  } finally {
    bitmap.close();
  }
}

/** Decodes a PNG from the server without colour conversion. */
export async function decodePatch(png: Blob): Promise<ImageBitmap> {
  return createImageBitmap(png, { colorSpaceConversion: "none" });
}

/**
 * Returns the upright pixels of a bitmap. Reads it in bands, since canvases are limited in size and bitmaps
 * aren't.
 */
export function pixelsOf(bitmap: ImageBitmap, orientation: Orientation = 1): Pixels {
  const { width, height } = uprightSize(orientation, bitmap);
  const [a, b, c, d, e, f] = uprightTransform(orientation, bitmap);
  const data = new Uint8ClampedArray(width * height * 4);
  const context = createCanvas({ width, height: Math.min(BAND_ROWS, height) });
  context.imageSmoothingEnabled = false;
  for (let top = 0; top < height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, height - top);
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

/**
 * Encodes pixels in a lossy format; `quality` from 0 to 1. Browsers that can't encode the type return a PNG.
 */
export async function encodeLossy(pixels: Pixels, type: LossyType, quality: number): Promise<Blob> {
  const context = createCanvas(pixels);
  for (let top = 0; top < pixels.height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, pixels.height - top);
    const band = pixels.data.subarray(top * pixels.width * 4, (top + rows) * pixels.width * 4);
    context.putImageData(new ImageData(band, pixels.width, rows), 0, top);
  }
  if (type === "image/jpeg") {
    // JPEG has no alpha: composite over white.
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, pixels.width, pixels.height);
  }
  return context.canvas.convertToBlob({ type, quality });
}

export function createCanvas({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser can't create a canvas of this size");
  return context;
}
