import type { Box, Size } from "../core/geometry";

/**
 * Reads `X-Patch-Box: x,y,w,h`: where in the picture the answered rectangle belongs. Null where the header is absent
 * (the answer is the whole picture) or makes no sense for a picture of this size.
 */
export function parsePatchBox(header: string | null, picture: Size): Box | null {
  const fields = header?.split(",").map((field) => field.trim()) ?? [];
  if (fields.length !== 4 || !fields.every((field) => /^\d{1,9}$/.test(field))) return null;
  const [x = 0, y = 0, width = 0, height = 0] = fields.map(Number);
  const inside = width > 0 && height > 0 && x + width <= picture.width && y + height <= picture.height;
  return inside ? { x, y, width, height } : null;
}
