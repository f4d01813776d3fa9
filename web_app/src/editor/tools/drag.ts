import type { MaskEdit } from "../../core/edits";
import { distance, type Point } from "../../core/geometry";
import { rectangleCorners } from "../../core/shapes";
import type { Mode } from "../../core/strokes";
import type { Modifiers, Tool, ToolOptions } from "./tool";

/** Creates the edit for a drag from one point to another. */
export type Shape = (from: Point, to: Point, modifiers: Modifiers, options: ToolOptions) => MaskEdit;

/** Rectangle, ellipse and line: shapes defined by two points. */
export class DragTool implements Tool {
  readonly outline = [];
  private from: Point | null = null;
  private edit: MaskEdit | null = null;

  constructor(
    private readonly shape: Shape,
    private readonly options: () => ToolOptions,
  ) {}

  get preview(): MaskEdit | null {
    return this.edit;
  }

  down(at: Point): null {
    this.from = at;
    this.edit = null;
    return null;
  }

  move(points: readonly Point[], modifiers: Modifiers): void {
    const to = points.at(-1);
    const options = this.options();
    if (!this.from || !to) return;
    // Ignores small movements during a click.
    if (!this.edit && distance(this.from, to) < options.tolerance) return;
    this.edit = this.shape(this.from, to, modifiers, options);
  }

  up(): MaskEdit | null {
    const { edit } = this;
    this.cancel();
    return edit;
  }

  hover(): void {
    // No hover feedback.
  }

  finish(): null {
    return null;
  }

  removeLastPoint(): void {
    this.cancel();
  }

  cancel(): void {
    this.from = this.edit = null;
  }
}

export const rectangle: Shape = (from, to, modifiers, options) => ({
  kind: "polygon",
  mode: modeOf(modifiers, options),
  points: rectangleCorners(from, modifiers.shift ? constrainToSquare(from, to) : to),
});

export const ellipse: Shape = (from, to, modifiers, options) => ({
  kind: "ellipse",
  mode: modeOf(modifiers, options),
  a: from,
  b: modifiers.shift ? constrainToSquare(from, to) : to,
});

export const line: Shape = (from, to, modifiers, options) => ({
  kind: "stroke",
  mode: modeOf(modifiers, options),
  stroke: {
    points: [from, modifiers.shift ? constrainAngle(from, to) : to],
    size: options.brush,
    hardness: options.hardness,
  },
});

/** Returns the mode of a shape; Alt always removes. */
export function modeOf({ alt }: Modifiers, { mode }: ToolOptions): Mode {
  return alt ? "remove" : mode;
}

/** Returns the corner of the square spanned towards `to`. */
function constrainToSquare(from: Point, to: Point): Point {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return {
    x: from.x + side * (to.x < from.x ? -1 : 1),
    y: from.y + side * (to.y < from.y ? -1 : 1),
  };
}

/** Projects `to` onto the nearest line through `from` at a multiple of 45 degrees. */
export function constrainAngle(from: Point, to: Point): Point {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step;
  const length = (to.x - from.x) * Math.cos(angle) + (to.y - from.y) * Math.sin(angle);
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
}
