import { boundsOf, grown, intersection, whole } from "./box";
import type { Box, Point } from "./geometry";
import { holeBox, type Mask } from "./mask";
import { feather, grow, invert } from "./morphology";
import { drawEllipse, drawPolygon } from "./shapes";
import { drawStroke, type Mode, type Stroke } from "./strokes";

/** A change of the mask, as a tool or a command asks for it; in the picture's pixels. */
export type MaskEdit =
  | { readonly kind: "stroke"; readonly mode: Mode; readonly stroke: Stroke }
  | { readonly kind: "polygon"; readonly mode: Mode; readonly points: readonly Point[] }
  | { readonly kind: "ellipse"; readonly mode: Mode; readonly a: Point; readonly b: Point }
  | { readonly kind: "invert" }
  | { readonly kind: "clear" }
  /** Outwards by so many pixels, or inwards where negative. */
  | { readonly kind: "grow"; readonly by: number }
  | { readonly kind: "feather"; readonly by: number }
  | { readonly kind: "replace"; readonly mask: Mask };

/** The rectangle outside of which an edit changes nothing; null where it changes nothing at all. */
export function reachOf(edit: MaskEdit, mask: Mask): Box | null {
  switch (edit.kind) {
    case "stroke":
      return around(edit.stroke.points, edit.stroke.size / 2, mask);
    case "polygon":
      return around(edit.points, 0, mask);
    case "ellipse":
      return around([edit.a, edit.b], 0, mask);
    case "clear":
      return holeBox(mask);
    case "grow":
    case "feather": {
      const hole = holeBox(mask);
      return hole && grown(hole, Math.abs(Math.ceil(edit.by)) + 3, mask);
    }
    case "invert":
    case "replace":
      return whole(mask);
  }
}

/** Changes the mask. */
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

/** Whether it may add to the hole, rather than only take away from it. */
export function adds(edit: MaskEdit): boolean {
  return "mode" in edit && edit.mode === "add";
}

function around(points: readonly Point[], reach: number, mask: Mask): Box | null {
  const box = boundsOf(points, reach);
  return box && intersection(box, whole(mask));
}
