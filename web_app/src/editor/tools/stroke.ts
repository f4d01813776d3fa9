import type { MaskEdit } from "../../core/edits";
import type { Mode, Stroke, StrokePoint } from "../../core/strokes";
import type { Tool, ToolOptions } from "./tool";

/** Brush and eraser: a freehand stroke of the brush's diameter. */
export class StrokeTool implements Tool {
  readonly outline = [];
  private points: StrokePoint[] = [];
  private brush: Pick<Stroke, "size" | "hardness"> = { size: 1, hardness: 1 };

  constructor(
    private readonly mode: Mode,
    private readonly options: () => ToolOptions,
  ) {}

  get preview(): MaskEdit | null {
    if (this.points.length === 0) return null;
    return { kind: "stroke", mode: this.mode, stroke: { points: this.points, ...this.brush } };
  }

  down(at: StrokePoint): null {
    const { brush, hardness } = this.options();
    // Fixed at the start: zooming must not change a stroke in progress.
    this.brush = { size: brush, hardness };
    this.points = [at];
    return null;
  }

  move(points: readonly StrokePoint[]): void {
    if (this.points.length > 0) this.points.push(...points);
  }

  up(): MaskEdit | null {
    const edit = this.preview;
    this.points = [];
    return edit;
  }

  hover(): void {
    // No hover feedback besides the brush ring.
  }

  finish(): null {
    return null;
  }

  removeLastPoint(): void {
    this.cancel();
  }

  cancel(): void {
    this.points = [];
  }
}
