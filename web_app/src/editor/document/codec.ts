import type { Size } from "../../core/geometry";
import type { ScreenSpace } from "../../core/colour";
import type { Pixels } from "../../core/pyramid";
import { decodeTiff, isTiff } from "../../core/tiff";
import { readMetadata, type Metadata } from "../../core/metadata";

/** What a canvas can write besides PNG. */
export type LossyType = "image/jpeg" | "image/webp";

/** Rows that are moved between a canvas and memory at a time. */
const BAND = 512;

/**
 * Decodes a picture into upright pixels, its numbers as they are: the profile that says what they mean is saved with
 * them again, so that nothing outside of a hole changes. @throws where neither the browser nor the page can.
 */
export async function decode(file: Blob): Promise<{ pixels: Pixels; metadata: Metadata }> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (isTiff(bytes)) return decodeTiff(bytes);
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
  });
  try {
    const pixels = pixelsOf(bitmap);
    return { pixels, metadata: await readMetadata(bytes, pixels) };
  } finally {
    bitmap.close();
  }
}

/** Decodes what the server answered: its bytes as they are, whatever profile they name. */
export async function decodePatch(png: Blob): Promise<ImageBitmap> {
  return createImageBitmap(png, { colorSpaceConversion: "none" });
}

/** The pixels of a bitmap. Canvases have a largest size and bitmaps don't, so they are read band by band. */
export function pixelsOf(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const context = canvasOf({ width, height: Math.min(BAND, height) });
  for (let top = 0; top < height; top += BAND) {
    const rows = Math.min(BAND, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
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
