import type { MaskEdit } from "../../core/edits";
import { distance, type Point } from "../../core/geometry";
import { constrainAngle, modeOf } from "./drag";
import type { Modifiers, Tool, ToolOptions } from "./tool";

/** Polygon: one click per corner; a click on the first or last corner, or Enter, closes it. */
export class PolygonTool implements Tool {
  private corners: Point[] = [];
  private next: Point | null = null;
  private modifiers: Modifiers = { shift: false, alt: false };

  constructor(private readonly options: () => ToolOptions) {}

  get outline(): readonly Point[] {
    return this.next && this.corners.length > 0 ? [...this.corners, this.next] : this.corners;
  }

  get preview(): MaskEdit | null {
    const { outline } = this;
    if (outline.length < 3) return null;
    return { kind: "polygon", mode: modeOf(this.modifiers, this.options()), points: outline };
  }

  down(at: Point, modifiers: Modifiers): MaskEdit | null {
    this.modifiers = modifiers;
    const corner = this.constrain(at, modifiers);
    const [first, last] = [this.corners[0], this.corners.at(-1)];
    const { tolerance } = this.options();
    const closes = first && distance(first, corner) <= tolerance && this.corners.length > 2;
    // The second click of a double click hits the corner made by the first.
    const repeatsLast = last && distance(last, corner) <= tolerance;
    if (closes || repeatsLast) return this.finish();
    this.corners.push(corner);
    this.next = null;
    return null;
  }

  move(points: readonly Point[], modifiers: Modifiers): void {
    const at = points.at(-1);
    if (at) this.hover(at, modifiers);
  }

  up(): null {
    return null;
  }

  hover(at: Point, modifiers: Modifiers): void {
    this.modifiers = modifiers;
    this.next = this.constrain(at, modifiers);
  }

  finish(): MaskEdit | null {
    if (this.corners.length < 3) return null;
    const edit: MaskEdit = {
      kind: "polygon",
      mode: modeOf(this.modifiers, this.options()),
      points: this.corners,
    };
    this.cancel();
    return edit;
  }

  removeLastPoint(): void {
    this.corners.pop();
  }

  cancel(): void {
    this.corners = [];
    this.next = null;
  }

  private constrain(at: Point, { shift }: Modifiers): Point {
    const last = this.corners.at(-1);
    return shift && last ? constrainAngle(last, at) : at;
  }
}
