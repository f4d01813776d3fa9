import type { MaskEdit } from "../../core/edits";
import { distance, type Point } from "../../core/geometry";
import { corners } from "../../core/shapes";
import type { Mode } from "../../core/strokes";
import type { Held, Tool, ToolOptions } from "./tool";

/** What becomes of a drag from one point to another. */
export type Shape = (from: Point, to: Point, held: Held, options: ToolOptions) => MaskEdit;

/** Rectangle, ellipse and line: dragged from one point to another. */
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

  move(points: readonly Point[], held: Held): void {
    const to = points.at(-1);
    const options = this.options();
    if (!this.from || !to) return;
    // A click that shook is no shape.
    if (!this.edit && distance(this.from, to) < options.tolerance) return;
    this.edit = this.shape(this.from, to, held, options);
  }

  up(): MaskEdit | null {
    const { edit } = this;
    this.cancel();
    return edit;
  }

  hover(): void {
    // A crosshair is all there is to see.
  }

  accept(): null {
    return null;
  }

  back(): void {
    this.cancel();
  }

  cancel(): void {
    this.from = this.edit = null;
  }
}

export const rectangle: Shape = (from, to, held, options) => ({
  kind: "polygon",
  mode: modeOf(held, options),
  points: corners(from, held.shift ? squared(from, to) : to),
});

export const ellipse: Shape = (from, to, held, options) => ({
  kind: "ellipse",
  mode: modeOf(held, options),
  a: from,
  b: held.shift ? squared(from, to) : to,
});

export const line: Shape = (from, to, held, options) => ({
  kind: "stroke",
  mode: modeOf(held, options),
  stroke: {
    points: [from, held.shift ? straightened(from, to) : to],
    size: options.brush,
    hardness: options.hardness,
  },
});

/** Alt turns adding into taking away. */
export function modeOf({ alt }: Held, { mode }: ToolOptions): Mode {
  return alt ? "remove" : mode;
}

/** The corner of a square that is nearest to `to`. */
function squared(from: Point, to: Point): Point {
  const side = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  return {
    x: from.x + side * (to.x < from.x ? -1 : 1),
    y: from.y + side * (to.y < from.y ? -1 : 1),
  };
}

/** The point on the nearest of the lines at multiples of 45 degrees. */
export function straightened(from: Point, to: Point): Point {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / step) * step;
  const length = (to.x - from.x) * Math.cos(angle) + (to.y - from.y) * Math.sin(angle);
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
}
