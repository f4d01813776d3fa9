import type { MaskEdit } from "../../core/edits";
import type { Point } from "../../core/geometry";
import type { PromptInput } from "../../core/prompt";
import type { Mode, StrokePoint } from "../../core/strokes";

export type ToolId =
  "brush" | "eraser" | "rectangle" | "ellipse" | "lasso" | "polygon" | "line" | "select" | "pan";

/** Options of a tool; lengths in image pixels. */
export interface ToolOptions {
  /** Diameter of the brush. */
  readonly brush: number;
  readonly hardness: number;
  /** Adds shapes to the mask or removes them from it. */
  readonly mode: Mode;
  /** Distance at which two points count as the same. */
  readonly tolerance: number;
  /** Shape that the selection tool draws. */
  readonly selectionShape: SelectionShape;
}

/** Shape around an object: a box, or a freehand outline. */
export type SelectionShape = "box" | "lasso";

/** Result of a gesture: an edit of the mask, or input of the object selection. */
export type ToolResult = MaskEdit | PromptInput;

/** Modifier keys of a pointer event. */
export interface Modifiers {
  /** Constrains shapes to squares, circles, and multiples of 45 degrees. */
  readonly shift: boolean;
  /** Removes instead of adding; also set by the right button. */
  readonly alt: boolean;
}

/**
 * A drawing tool: a state machine driven by pointer events in image pixels. A method that returns a result
 * leaves the tool idle.
 */
export interface Tool {
  /** The edit if the drawing ended now; null while idle. */
  readonly preview: MaskEdit | null;
  /** Outline to draw in addition to the preview. */
  readonly outline: readonly Point[];
  down(at: StrokePoint, modifiers: Modifiers): ToolResult | null;
  move(points: readonly StrokePoint[], modifiers: Modifiers): void;
  up(modifiers: Modifiers): ToolResult | null;
  /** Pointer movement without a pressed button. */
  hover(at: Point, modifiers: Modifiers): void;
  /** Completes the shape (Enter). */
  finish(): MaskEdit | null;
  /** Removes the last point (Backspace). */
  removeLastPoint(): void;
  /** Discards the drawing. */
  cancel(): void;
}
