import type { MaskEdit } from "../../core/edits";
import type { Mode, Stroke, StrokePoint } from "../../core/strokes";
import type { Tool, ToolOptions } from "./tool";

/** Brush and eraser: what the pointer goes over, as thick as the brush. */
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
    // Zooming meanwhile must not change a stroke that is begun.
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
    // The ring under the cursor is all there is to see.
  }

  accept(): null {
    return null;
  }

  back(): void {
    this.cancel();
  }

  cancel(): void {
    this.points = [];
  }
}
