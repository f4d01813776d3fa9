import { expanded, fullBox } from "./box";
import type { Box, Size } from "./geometry";

/** High-definition strategy: the treatment of images that are larger than a model's input. */
export interface HdOptions {
  readonly strategy: "Auto" | "Crop" | "Resize" | "Original";
  /** `Crop`: longest side that runs without cropping, in pixels. */
  readonly trigger: number;
  /** `Crop`: context around each part of the hole, in pixels. */
  readonly margin: number;
  /** `Resize`: longest side that runs unscaled, in pixels. */
  readonly limit: number;
  /** `Auto`: parameters of the server's planner; null if the server doesn't report them. */
  readonly auto: AutoPlanner | null;
  /** Pixels by which the server grows the hole, at most. */
  readonly growth: number;
}

/** Parameters of the server's planner for `Auto`, in pixels. */
export interface AutoPlanner {
  /** Longest side of an image that runs as a whole. */
  readonly maxWholeSide: number;
  /** Context around a part of the hole, at the resolution at which it runs. */
  readonly context: number;
  /** Depth of the deepest hole that runs unscaled. */
  readonly maxHoleDepth: number;
}

/**
 * Part of an image to upload. `forceCrop` makes the server crop although the upload is smaller than the
 * trigger.
 */
export interface Upload {
  readonly box: Box;
  readonly forceCrop: boolean;
}

/** Extra pixels that cover rounding differences between page and server. */
const ROUNDING_MARGIN = 16;

/**
 * Returns the part of an image that determines the fill of its hole.
 *
 * `Crop`: the server runs a rectangle around every part of the hole, expanded by `margin`; a side clipped at
 * the image's edge is compensated on the opposite side. No rectangle extends further than twice the margin
 * beyond the hole, so the upload is cropped into the same rectangles as the whole image, provided that
 * edges which clip them are also edges of the upload.
 *
 * `Auto`: the same with the planner's context as the margin, which doubles with each halving of the
 * resolution; the resolution is halved until the hole is shallow enough. Without the planner's parameters,
 * the whole image.
 */
export function uploadFor(
  painted: Box,
  image: Size,
  { strategy, trigger, margin, auto, growth }: HdOptions,
): Upload {
  const longest = Math.max(image.width, image.height);
  const hole = expanded(painted, growth, image);
  if (strategy === "Auto" && auto && longest > auto.maxWholeSide) {
    const halvings = Math.max(0, Math.ceil(Math.log2(depthBound(hole, image) / auto.maxHoleDepth)));
    return { box: surroundings(hole, auto.context * 2 ** halvings, image), forceCrop: false };
  }
  if (strategy === "Crop" && longest > trigger) {
    return { box: surroundings(hole, margin, image), forceCrop: true };
  }
  return { box: fullBox(image), forceCrop: false };
}

/** Returns the hole with everything that a rectangle around a part of it can reach. */
function surroundings(hole: Box, margin: number, image: Size): Box {
  return expanded(hole, 2 * margin + ROUNDING_MARGIN, image);
}

/**
 * Returns an upper bound of the distance from a pixel of the hole to the nearest known pixel. Pixels beyond
 * the image's edge aren't known, so a hole at an edge is up to twice as deep as one of the same size
 * inside.
 */
function depthBound(hole: Box, image: Size): number {
  const alongAxis = (start: number, length: number, side: number): number => {
    const sides = Number(start > 0) + Number(start + length < side);
    return sides === 0 ? Infinity : Math.ceil(length / sides);
  };
  return Math.min(
    alongAxis(hole.x, hole.width, image.width),
    alongAxis(hole.y, hole.height, image.height),
    Math.max(image.width, image.height) / 2,
  );
}
