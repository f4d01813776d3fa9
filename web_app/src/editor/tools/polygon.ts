import type { MaskEdit } from "../../core/edits";
import { distance, type Point } from "../../core/geometry";
import { modeOf, straightened } from "./drag";
import type { Held, Tool, ToolOptions } from "./tool";

/** Polygon: a click for every corner; a click on the first or last one, or Enter, closes it. */
export class PolygonTool implements Tool {
  private corners: Point[] = [];
  private next: Point | null = null;
  private held: Held = { shift: false, alt: false };

  constructor(private readonly options: () => ToolOptions) {}

  get outline(): readonly Point[] {
    return this.next && this.corners.length > 0 ? [...this.corners, this.next] : this.corners;
  }

  get preview(): MaskEdit | null {
    const { outline } = this;
    if (outline.length < 3) return null;
    return { kind: "polygon", mode: modeOf(this.held, this.options()), points: outline };
  }

  down(at: Point, held: Held): MaskEdit | null {
    this.held = held;
    const corner = this.placed(at, held);
    const [first, last] = [this.corners[0], this.corners.at(-1)];
    const { tolerance } = this.options();
    const closes = first && distance(first, corner) <= tolerance && this.corners.length > 2;
    // The second click of a double one falls on the corner that the first one made.
    const again = last && distance(last, corner) <= tolerance;
    if (closes || again) return this.accept();
    this.corners.push(corner);
    this.next = null;
    return null;
  }

  move(points: readonly Point[], held: Held): void {
    const at = points.at(-1);
    if (at) this.hover(at, held);
  }

  up(): null {
    return null;
  }

  hover(at: Point, held: Held): void {
    this.held = held;
    this.next = this.placed(at, held);
  }

  accept(): MaskEdit | null {
    if (this.corners.length < 3) return null;
    const edit: MaskEdit = {
      kind: "polygon",
      mode: modeOf(this.held, this.options()),
      points: this.corners,
    };
    this.cancel();
    return edit;
  }

  back(): void {
    this.corners.pop();
  }

  cancel(): void {
    this.corners = [];
    this.next = null;
  }

  private placed(at: Point, { shift }: Held): Point {
    const last = this.corners.at(-1);
    return shift && last ? straightened(last, at) : at;
  }
}
