import { expanded, fullBox } from "./box";
import type { Box, Size } from "./geometry";

/** High-definition strategy: the treatment of pictures that are larger than a model's input. */
export interface HdOptions {
  readonly strategy: "Auto" | "Crop" | "Resize" | "Original";
  /** `Crop`: longest side that runs without cropping, in pixels. */
  readonly trigger: number;
  /** `Crop`: context around each part of the hole, in pixels. */
  readonly margin: number;
  /** `Resize`: longest side that runs unscaled, in pixels. */
  readonly limit: number;
}

/**
 * Part of a picture to upload. `forceCrop` makes the server crop although the upload is smaller than the
 * trigger.
 */
export interface Upload {
  readonly box: Box;
  readonly forceCrop: boolean;
}

/** Extra pixels that cover rounding differences between page and server. */
const ROUNDING_MARGIN = 16;

/**
 * `Auto`: longest side that runs as a whole, deepest hole that runs unscaled, and context of a region, in
 * pixels.
 */
const AUTO = { maxSide: 800, maxDepth: 128, margin: 128 };

/**
 * Returns the part of a picture that determines the fill of its hole.
 *
 * `Crop`: the server runs a rectangle around every part of the hole, expanded by `margin`; a side clipped at
 * the picture's edge is compensated on the opposite side. No rectangle extends further than twice the margin
 * beyond the hole, so the upload is cropped into the same rectangles as the whole picture, provided that
 * edges which clip them are also edges of the upload.
 *
 * `Auto`: the margin doubles with each halving of the resolution, and the resolution is halved until the hole
 * is shallow enough; its depth is at most half its shorter side.
 */
export function uploadFor(hole: Box, picture: Size, { strategy, trigger, margin }: HdOptions): Upload {
  if (strategy === "Auto" && Math.max(picture.width, picture.height) > AUTO.maxSide) {
    const depth = Math.min(hole.width, hole.height) / 2;
    const halvings = Math.max(0, Math.ceil(Math.log2(depth / AUTO.maxDepth)));
    return {
      box: expanded(hole, 2 * AUTO.margin * 2 ** halvings + ROUNDING_MARGIN, picture),
      forceCrop: false,
    };
  }
  if (strategy !== "Crop" || Math.max(picture.width, picture.height) <= trigger) {
    return { box: fullBox(picture), forceCrop: false };
  }
  return { box: expanded(hole, 2 * margin + ROUNDING_MARGIN, picture), forceCrop: true };
}
