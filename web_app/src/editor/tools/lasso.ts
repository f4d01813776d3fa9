import type { MaskEdit } from "../../core/edits";
import type { Point } from "../../core/geometry";
import { modeOf } from "./drag";
import type { Modifiers, Tool, ToolOptions } from "./tool";

/** Lasso: a freehand outline, closed on release. */
export class LassoTool implements Tool {
  private points: Point[] = [];
  private modifiers: Modifiers = { shift: false, alt: false };

  constructor(private readonly options: () => ToolOptions) {}

  get outline(): readonly Point[] {
    return this.points;
  }

  get preview(): MaskEdit | null {
    if (this.points.length < 3) return null;
    return { kind: "polygon", mode: modeOf(this.modifiers, this.options()), points: this.points };
  }

  down(at: Point, modifiers: Modifiers): null {
    this.points = [at];
    this.modifiers = modifiers;
    return null;
  }

  move(points: readonly Point[], modifiers: Modifiers): void {
    if (this.points.length === 0) return;
    this.points.push(...points);
    this.modifiers = modifiers;
  }

  up(): MaskEdit | null {
    const edit = this.preview;
    this.points = [];
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
    this.points = [];
  }
}
