import { expanded } from "../../core/box";
import type { ImageDocument } from "../../core/document";
import type { Box } from "../../core/geometry";
import type { Pixels } from "../../core/pyramid";
import { createCanvas, toBitmap } from "./codec";

/** Size of a thumbnail in pixels: twice its CSS size. */
const THUMBNAIL = { width: 112, height: 80 };
/**
 * Renders a preview of a rectangle, its surroundings and the mask. `toScreenBitmap` converts pixels to the
 * screen's colours.
 */
export async function renderThumbnail(
  document: ImageDocument,
  box: Box,
  toScreenBitmap: (pixels: Pixels) => Promise<ImageBitmap>,
): Promise<Blob> {
  const bounds = expanded(box, Math.round(Math.max(box.width, box.height) * 0.25) + 16, document.size);
  const view = document.overview(bounds, Math.max(THUMBNAIL.width, THUMBNAIL.height) * 2);
  const context = createCanvas(THUMBNAIL);
  const scale = Math.max(THUMBNAIL.width / view.image.width, THUMBNAIL.height / view.image.height);
  const [width, height] = [view.image.width * scale, view.image.height * scale];
  for (const bitmap of [await toScreenBitmap(view.image), await toBitmap(tint(view.mask))]) {
    context.drawImage(bitmap, (THUMBNAIL.width - width) / 2, (THUMBNAIL.height - height) / 2, width, height);
    bitmap.close();
  }
  return context.canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
}

/** Colours a mask in IOPaint's yellow at 73 % opacity, in place. */
function tint(mask: Pixels): Pixels {
  for (let at = 0; at < mask.data.length; at += 4) {
    mask.data[at] = 0xff;
    mask.data[at + 1] = 0xcc;
    mask.data[at + 3] = (mask.data[at + 3] ?? 0) * 0.73;
  }
  return mask;
}
