import type { Point } from "../../core/geometry";
import type { Click, Held, Tool } from "./tool";

/** Selects by click: each says whether what is there belongs to the object. It draws nothing itself. */
export class SelectTool implements Tool {
  readonly outline = [];
  readonly preview = null;

  down(at: Point, { alt, shift }: Held): Click {
    return { kind: "click", at: { x: at.x, y: at.y }, inside: !alt, another: shift };
  }

  move(): void {
    // A click is over before it moves.
  }

  up(): null {
    return null;
  }

  hover(): void {
    // A crosshair is all there is to see.
  }

  accept(): null {
    return null;
  }

  back(): void {
    // What was found is undone like any other step.
  }

  cancel(): void {
    // Nothing is begun.
  }
}
