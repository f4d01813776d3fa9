import { distance, type Point } from "../../core/geometry";
import type { PromptInput } from "../../core/prompt";
import { rectangleCorners } from "../../core/shapes";
import { modeOf } from "./drag";
import type { Modifiers, SelectionShape, Tool, ToolOptions } from "./tool";

/** A press that is in progress. */
interface Press {
  readonly modifiers: Modifiers;
  readonly shape: SelectionShape;
  /** Positions of the pointer, the first one at the press. */
  readonly points: Point[];
  /** True once the pointer moved so far that it isn't a click. */
  dragged: boolean;
}

/** Object selection: a click on the object, or a box or an outline around it. */
export class SelectTool implements Tool {
  readonly preview = null;
  private press: Press | null = null;

  constructor(private readonly options: () => ToolOptions) {}

  get outline(): readonly Point[] {
    if (!this.press?.dragged) return [];
    const { shape, points } = this.press;
    const corners = shape === "box" ? rectangleCorners(...this.ends(this.press)) : points;
    return [...corners, ...corners.slice(0, 1)];
  }

  down({ x, y }: Point, modifiers: Modifiers): null {
    const shape = modifiers.shift ? "lasso" : this.options().selectionShape;
    this.press = { modifiers, shape, points: [{ x, y }], dragged: false };
    return null;
  }

  move(points: readonly Point[]): void {
    if (!this.press) return;
    this.press.points.push(...points.map(({ x, y }) => ({ x, y })));
    const [from, to] = this.ends(this.press);
    this.press.dragged ||= distance(from, to) >= this.options().tolerance;
  }

  up(): PromptInput | null {
    const { press } = this;
    this.press = null;
    if (!press) return null;
    const mode = modeOf(press.modifiers, this.options());
    const [from, to] = this.ends(press);
    if (!press.dragged) return { kind: "click", at: from, mode, starts: press.modifiers.shift };
    return press.shape === "box"
      ? { kind: "box", from, to, mode }
      : { kind: "lasso", points: press.points, mode };
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
    this.press = null;
  }

  private ends({ points }: Press): [Point, Point] {
    const origin = { x: 0, y: 0 };
    return [points[0] ?? origin, points.at(-1) ?? origin];
  }
}
