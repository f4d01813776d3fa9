import type { Box, Size } from "../core/geometry";

/**
 * Parses `X-Patch-Box: x,y,w,h`, the position of the returned rectangle in the image. Returns null if the
 * header is absent (the response is the whole image) or invalid for an image of this size.
 */
export function parsePatchBox(header: string | null, image: Size): Box | null {
  const fields = header?.split(",").map((field) => field.trim()) ?? [];
  if (fields.length !== 4 || !fields.every((field) => /^\d{1,9}$/.test(field))) return null;
  const [x = 0, y = 0, width = 0, height = 0] = fields.map(Number);
  const inside = width > 0 && height > 0 && x + width <= image.width && y + height <= image.height;
  return inside ? { x, y, width, height } : null;
}
