import { boundingBox, expanded, fullBox, intersection } from "./box";
import type { Box, Point } from "./geometry";
import { holeBox, type Mask } from "./mask";
import { feather, grow, invert } from "./morphology";
import { drawEllipse, drawPolygon } from "./shapes";
import { drawStroke, type Mode, type Stroke } from "./strokes";

/** A change of the mask; coordinates and lengths in image pixels. */
export type MaskEdit =
  | { readonly kind: "stroke"; readonly mode: Mode; readonly stroke: Stroke }
  | { readonly kind: "polygon"; readonly mode: Mode; readonly points: readonly Point[] }
  | { readonly kind: "ellipse"; readonly mode: Mode; readonly a: Point; readonly b: Point }
  | { readonly kind: "invert" }
  | { readonly kind: "clear" }
  /** Dilates the hole by `by` pixels, or erodes it if negative. */
  | { readonly kind: "grow"; readonly by: number }
  | { readonly kind: "feather"; readonly by: number }
  | { readonly kind: "replace"; readonly mask: Mask };

/** Returns a rectangle that contains every pixel the edit can change; null if it can change none. */
export function affectedBox(edit: MaskEdit, mask: Mask): Box | null {
  switch (edit.kind) {
    case "stroke":
      return clippedBounds(edit.stroke.points, edit.stroke.size / 2, mask);
    case "polygon":
      return clippedBounds(edit.points, 0, mask);
    case "ellipse":
      return clippedBounds([edit.a, edit.b], 0, mask);
    case "clear":
      return holeBox(mask);
    case "grow":
    case "feather": {
      const hole = holeBox(mask);
      return hole && expanded(hole, Math.abs(Math.ceil(edit.by)) + 3, mask);
    }
    case "invert":
    case "replace":
      return fullBox(mask);
  }
}

/** Applies an edit to the mask in place. */
export function applyEdit(edit: MaskEdit, mask: Mask): void {
  switch (edit.kind) {
    case "stroke":
      drawStroke(mask, edit.stroke, edit.mode);
      break;
    case "polygon":
      drawPolygon(mask, edit.points, edit.mode);
      break;
    case "ellipse":
      drawEllipse(mask, edit.a, edit.b, edit.mode);
      break;
    case "clear":
      mask.data.fill(0);
      break;
    case "grow":
      grow(mask, edit.by);
      break;
    case "feather":
      feather(mask, edit.by);
      break;
    case "invert":
      invert(mask);
      break;
    case "replace":
      mask.data.set(edit.mask.data);
      break;
  }
}

/** Returns true for edits that can add to the hole rather than only remove from it. */
export function canAddToHole(edit: MaskEdit): boolean {
  return "mode" in edit && edit.mode === "add";
}

function clippedBounds(points: readonly Point[], reach: number, mask: Mask): Box | null {
  const box = boundingBox(points, reach);
  return box && intersection(box, fullBox(mask));
}
