import { grown, whole } from "./box";
import type { Box, Size } from "./geometry";

/** How a picture that is larger than a model likes is brought down to size. */
export interface HdOptions {
  readonly strategy: "Auto" | "Crop" | "Resize" | "Original";
  /** With `Crop`: the longest side that runs whole. */
  readonly trigger: number;
  /** With `Crop`: pixels of context around a part of the hole. */
  readonly margin: number;
  /** With `Resize`: the longest side that runs unscaled. */
  readonly limit: number;
}

/** What to send, and whether the server must be told to crop although what it gets is small. */
export interface Upload {
  readonly box: Box;
  readonly forceCrop: boolean;
}

/** Pixels sent beyond what a server can need. */
const SLACK = 16;

/** Under `Auto`: the longest side that runs whole, the deepest hole that runs at its own size, and the context there. */
const AUTO = { whole: 800, deepest: 128, margin: 128 };

/**
 * The part of a picture that decides how its hole is filled.
 *
 * Under `Crop` the server runs a rectangle around every part of the hole, `margin` pixels larger on each side; what the
 * picture's edge cuts off one side is added to the other. No rectangle reaches further than twice the margin beyond the
 * hole, so that the part that does is cut up into the very same rectangles, provided that the edges they were pushed
 * off are its edges too. Under `Auto` the margin doubles each time that the hole is halved, which is as often as it is
 * too deep; it is no deeper than half its shorter side.
 */
export function uploadFor(hole: Box, picture: Size, { strategy, trigger, margin }: HdOptions): Upload {
  if (strategy === "Auto" && Math.max(picture.width, picture.height) > AUTO.whole) {
    const depth = Math.min(hole.width, hole.height) / 2;
    const halvings = Math.max(0, Math.ceil(Math.log2(depth / AUTO.deepest)));
    return { box: grown(hole, 2 * AUTO.margin * 2 ** halvings + SLACK, picture), forceCrop: false };
  }
  if (strategy !== "Crop" || Math.max(picture.width, picture.height) <= trigger) {
    return { box: whole(picture), forceCrop: false };
  }
  return { box: grown(hole, 2 * margin + SLACK, picture), forceCrop: true };
}
