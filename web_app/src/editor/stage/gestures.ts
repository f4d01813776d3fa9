import type { Point } from "../../core/geometry";
import type { StrokePoint } from "../../core/strokes";
import type { Held } from "../tools/tool";

/** What gestures mean; points are CSS pixels from the stage's top left corner. */
export interface GestureTarget {
  /** Whether a press belongs to the tool; else it moves the picture. */
  canDraw(): boolean;
  /** Whether the right button does too, for the opposite. */
  takesRightButton(): boolean;
  pressed(at: StrokePoint, held: Held): void;
  moved(points: readonly StrokePoint[], held: Held): void;
  released(held: Held): void;
  /** It was no drawing after all: a second finger came down. */
  dropped(): void;
  panned(dx: number, dy: number): void;
  zoomed(anchor: Point, factor: number): void;
  pinched(before: readonly [Point, Point], after: readonly [Point, Point]): void;
  /** The brush is to become so many steps larger. */
  resized(steps: number): void;
  /** Where a mouse or pen hovers; null where it left. */
  hovered(at: Point | null, held: Held): void;
  /** The hand is shown, or closed while it moves the picture; null where the tool has its own cursor. */
  hand(shown: "open" | "closed" | null): void;
}

const WHEEL_ZOOM = 0.0015;
/** A trackpad's pinch arrives as a wheel with Ctrl, in smaller portions. */
const PINCH_ZOOM = 0.01;
/** CSS pixels that a wheel's line stands for. */
const WHEEL_LINE = 16;
/** CSS pixels of wheel for one step of the brush. */
const WHEEL_STEP = 100;
/** Points nearer than this to the one before say nothing new, in CSS pixels. */
const NEAREST = 0.75;
/** A pen that hardly presses still leaves this share of the brush. */
const LIGHTEST = 0.2;

/**
 * Reads pointers over the stage: one draws (main button, finger, pen), two fingers or the middle button or Space move
 * the picture, and the wheel zooms.
 */
export class Gestures {
  private readonly pointers = new Map<number, Point>();
  private mode: "idle" | "draw" | "pan" | "pinch" = "idle";
  private last: Point | null = null;
  private space = false;
  private pen = false;
  private wheelRest = 0;

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
    element.addEventListener("pointerleave", this.leave, on);
    element.addEventListener("wheel", this.wheel, { signal, passive: false });
    element.addEventListener("contextmenu", prevent, on);
    // The middle button would scroll the page.
    element.addEventListener("auxclick", prevent, on);
    window.addEventListener("keydown", this.key, on);
    window.addEventListener("keyup", this.key, on);
    window.addEventListener("blur", this.blur, on);
  }

  private at(event: MouseEvent): Point {
    const { left, top } = this.element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private sample(event: PointerEvent): StrokePoint {
    const at = this.at(event);
    if (event.pointerType !== "pen" || event.pressure === 0) return at;
    return { ...at, pressure: Math.max(LIGHTEST, Math.min(event.pressure * 1.4, 1)) };
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.code !== "Space") return;
    // On a button Space is a click.
    if (event.target !== document.body && event.target !== this.element) return;
    event.preventDefault();
    this.space = event.type === "keydown";
    this.showHand();
  };

  private readonly blur = (): void => {
    this.space = false;
    this.showHand();
  };

  private showHand(): void {
    if (this.mode === "pan") this.target.hand("closed");
    else this.target.hand(this.space ? "open" : null);
  }

  private readonly down = (event: PointerEvent): void => {
    if (isOnHandle(event)) return;
    // The hand that holds the pen touches the screen too.
    if (event.pointerType === "touch" && this.pen) return;
    if (event.button === 1) event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (event.pointerType === "pen") this.pen = true;
    if (this.pointers.size === 2) {
      if (this.mode === "draw") this.target.dropped();
      this.mode = "pinch";
    } else if (this.pointers.size === 1) {
      this.begin(event);
    }
    this.showHand();
  };

  private begin(event: PointerEvent): void {
    const button = event.button === 0 || (event.button === 2 && this.target.takesRightButton());
    const draws = button && !this.space && this.target.canDraw();
    if (draws) {
      this.mode = "draw";
      const sample = this.sample(event);
      this.last = sample;
      this.target.pressed(sample, heldOf(event));
    } else if (event.button <= 1) {
      this.mode = "pan";
    }
  }

  private readonly move = (event: PointerEvent): void => {
    const point = this.at(event);
    const held = heldOf(event);
    if (event.pointerType !== "touch") this.target.hovered(isOnHandle(event) ? null : point, held);
    const last = this.pointers.get(event.pointerId);
    if (!last) return;
    this.pointers.set(event.pointerId, point);
    if (this.mode === "draw") {
      const points = this.newPoints(event);
      if (points.length > 0) this.target.moved(points, held);
    } else if (this.mode === "pan") {
      this.target.panned(point.x - last.x, point.y - last.y);
    } else if (this.mode === "pinch") {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) this.target.pinched([last, other], [point, other]);
    }
  };

  /** Everything since the last event, as fine as the device tells. */
  private newPoints(event: PointerEvent): StrokePoint[] {
    const events = event.getCoalescedEvents();
    const points: StrokePoint[] = [];
    for (const each of events.length > 0 ? events : [event]) {
      const sample = this.sample(each);
      if (this.last && Math.hypot(sample.x - this.last.x, sample.y - this.last.y) < NEAREST) continue;
      points.push(sample);
      this.last = sample;
    }
    return points;
  }

  private readonly up = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.pointerType === "pen") this.pen = false;
    if (this.mode === "draw") {
      this.mode = "idle";
      if (event.type === "pointercancel") this.target.dropped();
      else this.target.released(heldOf(event));
    }
    // After a pinch the finger that stays must not begin to draw.
    if (this.pointers.size === 0) this.mode = "idle";
    this.showHand();
  };

  private readonly leave = (event: PointerEvent): void => {
    if (!this.pointers.has(event.pointerId)) this.target.hovered(null, NONE);
  };

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE : 1;
    // With Alt or Shift some systems turn the wheel sideways.
    const pixels = (event.deltaY || event.deltaX) * unit;
    if (event.altKey) {
      this.wheelRest -= pixels;
      const steps = Math.trunc(this.wheelRest / WHEEL_STEP);
      this.wheelRest -= steps * WHEEL_STEP;
      if (steps !== 0) this.target.resized(steps);
    } else if (event.shiftKey) {
      this.target.panned(-event.deltaX * unit - (event.deltaX === 0 ? event.deltaY * unit : 0), 0);
    } else {
      this.target.zoomed(this.at(event), Math.exp(-pixels * (event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM)));
    }
  };
}

const NONE: Held = { shift: false, alt: false };

function heldOf({ shiftKey, altKey, button }: MouseEvent): Held {
  return { shift: shiftKey, alt: altKey || button === 2 };
}

/** Whether it is meant for something on the stage that is dragged itself. */
function isOnHandle({ target }: Event): boolean {
  return target instanceof Element && target.closest("[role=slider]") !== null;
}

function prevent(event: Event): void {
  event.preventDefault();
}
