import type { MaskEdit } from "../../core/edits";
import type { Point } from "../../core/geometry";
import type { Mode, StrokePoint } from "../../core/strokes";

export type ToolId =
  "brush" | "eraser" | "rectangle" | "ellipse" | "lasso" | "polygon" | "line" | "select" | "pan";

/** What a tool works with; lengths are in the picture's pixels. */
export interface ToolOptions {
  /** Diameter of the brush. */
  readonly brush: number;
  readonly hardness: number;
  /** Whether shapes add to the mask or take away from it. */
  readonly mode: Mode;
  /** How far apart two points may be to be taken for the same. */
  readonly tolerance: number;
}

/** A click that asks for something to be found rather than drawn. */
export interface Click {
  readonly kind: "click";
  readonly at: Point;
  /** Whether what is there belongs to the object. */
  readonly inside: boolean;
  /** Whether it begins with another object than the click before. */
  readonly another: boolean;
}

/** The keys held down beside the pointer. */
export interface Held {
  /** Squares, circles, angles of 45 degrees. */
  readonly shift: boolean;
  /** Takes away instead of adding; the right button says the same. */
  readonly alt: boolean;
}

/**
 * A tool as a little state machine, fed with points in the picture's pixels. Where a call answers an edit, the tool is
 * done with it and idle again.
 */
export interface Tool {
  /** What it would do if it ended now; null while idle. */
  readonly preview: MaskEdit | null;
  /** A line that leads the eye, where a preview says too little. */
  readonly outline: readonly Point[];
  down(at: StrokePoint, held: Held): MaskEdit | Click | null;
  move(points: readonly StrokePoint[], held: Held): void;
  up(held: Held): MaskEdit | null;
  /** The pointer moves without being pressed. */
  hover(at: Point, held: Held): void;
  /** Enter: what is drawn is finished. */
  accept(): MaskEdit | null;
  /** Backspace: the last point goes. */
  back(): void;
  /** It was nothing after all. */
  cancel(): void;
}
