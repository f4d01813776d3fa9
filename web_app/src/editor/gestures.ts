import type { Point } from "../core/geometry";

/** What gestures mean; points are CSS pixels from the stage's top left corner. */
export interface GestureTarget {
  canPaint(): boolean;
  strokeMoved(points: readonly Point[]): void;
  strokeEnded(points: readonly Point[]): void;
  /** A second finger came down: it was no stroke after all. */
  strokeDropped(): void;
  panned(dx: number, dy: number): void;
  zoomed(anchor: Point, factor: number): void;
  pinched(before: readonly [Point, Point], after: readonly [Point, Point]): void;
  /** Where a mouse or pen hovers; null where it left. */
  hovered(at: Point | null): void;
}

const WHEEL_ZOOM = 0.0015;
/** CSS pixels that a wheel's line stands for. */
const WHEEL_LINE = 16;

/**
 * Reads pointers over the stage: one paints (main button, finger, pen), two fingers or the middle button or Space
 * move the picture, and the wheel zooms.
 */
export class Gestures {
  private readonly pointers = new Map<number, Point>();
  private mode: "idle" | "stroke" | "pan" | "pinch" = "idle";
  private points: Point[] = [];
  private space = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: GestureTarget,
    signal: AbortSignal,
  ) {
    const on = { signal };
    element.addEventListener("pointerdown", this.down, on);
    element.addEventListener("pointermove", this.move, on);
    element.addEventListener("pointerup", this.up, on);
    element.addEventListener("pointercancel", this.up, on);
    element.addEventListener(
      "pointerleave",
      () => {
        target.hovered(null);
      },
      on,
    );
    element.addEventListener("wheel", this.wheel, { signal, passive: false });
    element.addEventListener(
      "contextmenu",
      (event) => {
        event.preventDefault();
      },
      on,
    );
    window.addEventListener("keydown", this.key, on);
    window.addEventListener("keyup", this.key, on);
  }

  private at(event: MouseEvent): Point {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private readonly key = (event: KeyboardEvent): void => {
    // On a button Space is a click.
    if (event.code === "Space" && (event.target === document.body || event.target === this.element)) {
      event.preventDefault();
      this.space = event.type === "keydown";
    }
  };

  private readonly down = (event: PointerEvent): void => {
    const point = this.at(event);
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, point);
    if (this.pointers.size === 2) {
      if (this.mode === "stroke") this.target.strokeDropped();
      this.mode = "pinch";
    } else if (this.pointers.size === 1) {
      if (event.button === 1 || (event.button === 0 && this.space)) {
        this.mode = "pan";
      } else if (event.button === 0 && this.target.canPaint()) {
        this.mode = "stroke";
        this.points = [point];
        this.target.strokeMoved(this.points);
      }
    }
    // The middle button would scroll the page.
    if (event.button === 1) event.preventDefault();
  };

  private readonly move = (event: PointerEvent): void => {
    const point = this.at(event);
    this.target.hovered(event.pointerType === "touch" ? null : point);
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    if (this.mode === "stroke") {
      const samples = event.getCoalescedEvents();
      this.points.push(...(samples.length > 0 ? samples.map((sample) => this.at(sample)) : [point]));
      this.target.strokeMoved(this.points);
    } else if (this.mode === "pan") {
      this.target.panned(point.x - last.x, point.y - last.y);
    } else if (this.mode === "pinch") {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        this.target.pinched([last, other], [point, other]);
      }
    }
    this.pointers.set(event.pointerId, point);
  };

  private readonly up = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    if (this.mode === "stroke") {
      if (event.type === "pointercancel") this.target.strokeDropped();
      else this.target.strokeEnded(this.points);
      this.mode = "idle";
    }
    // After a pinch the finger that stays must not begin to paint.
    if (this.pointers.size === 0) this.mode = "idle";
  };

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE : 1);
    this.target.zoomed(this.at(event), Math.exp(-pixels * WHEEL_ZOOM));
  };
}
