import type { Box, Size } from "./geometry";
import { crop, emptyMask, holeBox, paste, type Mask } from "./mask";

/** The hole of a mask, cropped to its bounding box. */
export interface MaskPart {
  readonly box: Box;
  readonly mask: Mask;
}

/** Returns the hole of a mask; null for an empty mask. */
export function holePart(mask: Mask): MaskPart | null {
  const box = holeBox(mask);
  return box && { box, mask: crop(mask, box) };
}

/** Returns a mask of `size` with a hole. */
export function maskOfPart(part: MaskPart | null, size: Size): Mask {
  const mask = emptyMask(size);
  if (part) paste(mask, part.mask, part.box.x, part.box.y);
  return mask;
}
