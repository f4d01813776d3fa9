import type { MaskEdit } from "../../core/edits";
import type { Point } from "../../core/geometry";
import { modeOf } from "./drag";
import type { Held, Tool, ToolOptions } from "./tool";

/** Lasso: drawn around by hand, closed by letting go. */
export class LassoTool implements Tool {
  private points: Point[] = [];
  private held: Held = { shift: false, alt: false };

  constructor(private readonly options: () => ToolOptions) {}

  get outline(): readonly Point[] {
    return this.points;
  }

  get preview(): MaskEdit | null {
    if (this.points.length < 3) return null;
    return { kind: "polygon", mode: modeOf(this.held, this.options()), points: this.points };
  }

  down(at: Point, held: Held): null {
    this.points = [at];
    this.held = held;
    return null;
  }

  move(points: readonly Point[], held: Held): void {
    if (this.points.length === 0) return;
    this.points.push(...points);
    this.held = held;
  }

  up(): MaskEdit | null {
    const edit = this.preview;
    this.points = [];
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
    this.points = [];
  }
}
