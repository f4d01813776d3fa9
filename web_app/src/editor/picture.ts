import { UserError } from "../api/errors";
import type { ExportType } from "../core/files";
import type { Box, Size } from "../core/geometry";
import type { Patch } from "../core/steps";

/** An opened picture. Its working pixels change with every fill; the original's don't. */
export interface Picture extends Size {
  readonly name: string;
  /** MIME type of the file it came from. */
  readonly type: string;
  readonly original: ImageBitmap;
  /** Upright sRGB pixels, edited in place. */
  readonly working: HTMLCanvasElement;
}

const JPEG_AND_WEBP_QUALITY = 0.95;

/** Decodes a file into upright sRGB pixels. @throws {UserError} where the browser can't. */
export async function openPicture(file: File): Promise<Picture> {
  let original: ImageBitmap;
  try {
    original = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new UserError(`This browser can't open “${file.name}”. Try a PNG, JPEG or WebP file.`);
  }
  const { width, height } = original;
  const working = canvasOf({ width, height });
  contextOf(working).drawImage(original, 0, 0);
  return { name: file.name, type: file.type, width, height, original, working };
}

/** Draws a filled rectangle into the working pixels and tells what changed. */
export async function applyPng(picture: Picture, box: Box, png: Blob): Promise<Patch> {
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: "none" });
  if (bitmap.width !== box.width || bitmap.height !== box.height) {
    throw new UserError("The server's answer isn't of the size that it says.");
  }
  const { x, y, width, height } = box;
  const context = contextOf(picture.working);
  const before = context.getImageData(x, y, width, height).data;
  context.clearRect(x, y, width, height);
  context.drawImage(bitmap, x, y);
  bitmap.close();
  return { box, before, after: context.getImageData(x, y, width, height).data };
}

/** Puts one side of a patch into the working pixels, byte for byte. */
export function putPatch(picture: Picture, patch: Patch, side: "before" | "after"): void {
  const { x, y, width, height } = patch.box;
  contextOf(picture.working).putImageData(new ImageData(patch[side], width, height), x, y);
}

/**
 * The working pixels as a file. The answer's type is PNG where the browser can't write the type asked for.
 * @throws {UserError} where the browser runs out of memory.
 */
export async function encodePicture(picture: Picture, type: ExportType): Promise<Blob> {
  let source = picture.working;
  if (type === "image/jpeg") {
    // JPEG has no transparency; white is what paper would show.
    source = canvasOf(picture);
    const context = contextOf(source);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, picture.width, picture.height);
    context.drawImage(picture.working, 0, 0);
  }
  const blob = await new Promise<Blob | null>((resolve) => {
    source.toBlob(resolve, type, JPEG_AND_WEBP_QUALITY);
  });
  if (!blob) throw new UserError("This browser has too little memory for a picture of this size.");
  return blob;
}

function canvasOf({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = contextOf(canvas);
  // Above its limits a browser hands out a canvas that silently keeps nothing.
  context.fillRect(width - 1, height - 1, 1, 1);
  if (context.getImageData(width - 1, height - 1, 1, 1).data[3] !== 255) {
    throw new UserError(`A picture of ${width} by ${height} pixels is too large for this browser.`);
  }
  context.clearRect(width - 1, height - 1, 1, 1);
  return canvas;
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new UserError("This browser has no canvas to draw on.");
  return context;
}
