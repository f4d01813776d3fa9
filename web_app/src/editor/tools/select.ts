import type { Point } from "../../core/geometry";
import type { Click, Modifiers, Tool } from "./tool";

/** Object selection: each click is a foreground or background point for the segmentation plugin. */
export class SelectTool implements Tool {
  readonly outline = [];
  readonly preview = null;

  down(at: Point, { alt, shift }: Modifiers): Click {
    return { kind: "click", at: { x: at.x, y: at.y }, foreground: !alt, newObject: shift };
  }

  move(): void {
    // A click has no drag.
  }

  up(): null {
    return null;
  }

  hover(): void {
    // No hover feedback.
  }

  finish(): null {
    return null;
  }

  removeLastPoint(): void {
    // Results are history steps and undone as such.
  }

  cancel(): void {
    // There is no state to reset.
  }
}
