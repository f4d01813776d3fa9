import type { Point } from "../../core/geometry";
import type { StrokePoint } from "../../core/strokes";
import type { Modifiers } from "../tools/tool";

/** Receiver of recognised gestures; points are CSS pixels from the stage's top left corner. */
export interface GestureTarget {
  /** True if a press draws with the tool; otherwise it pans. */
  canDraw(): boolean;
  /** True if a press of the right button counts as a press with Alt; otherwise it has no effect. */
  acceptsRightButton(): boolean;
  onPress(at: StrokePoint, modifiers: Modifiers): void;
  onMove(points: readonly StrokePoint[], modifiers: Modifiers): void;
  onRelease(modifiers: Modifiers): void;
  /** Cancels the drawing because a second finger was put down. */
  onCancel(): void;
  onPan(dx: number, dy: number): void;
  onZoom(anchor: Point, factor: number): void;
  onPinch(before: readonly [Point, Point], after: readonly [Point, Point]): void;
  /** Enlarges the brush by a number of steps; shrinks it if negative. */
  onBrushResize(steps: number): void;
  /** Follows a hovering mouse or pen; null when it leaves. */
  onHover(at: Point | null, modifiers: Modifiers): void;
  /** Shows the hand cursor, closed while panning; null restores the tool's cursor. */
  onHandCursor(hand: "open" | "closed" | null): void;
}

/** Zoom exponent per CSS pixel of wheel travel. */
const WHEEL_ZOOM = 0.0015;
/**
 * Zoom exponent per pixel of a trackpad pinch, which arrives as wheel events with Ctrl in smaller amounts.
 */
const PINCH_ZOOM = 0.01;
/** Height of a wheel line in CSS pixels. */
const WHEEL_LINE_PX = 16;
/** Wheel travel per step of the brush size, in CSS pixels. */
const WHEEL_STEP_PX = 100;
/** Minimum distance between recorded points, in CSS pixels. */
const MIN_DISTANCE = 0.75;
/** Minimum share of the brush diameter at low pen pressure. */
const MIN_PRESSURE = 0.2;

/**
 * Recognises gestures on the stage: one pointer draws (primary button, finger or pen), two fingers, the
 * middle button or Space pan, the wheel zooms.
 */
export class Gestures {
  private readonly pointers = new Map<number, Point>();
  private mode: "idle" | "draw" | "pan" | "pinch" = "idle";
  private previous: Point | null = null;
  private space = false;
  private penDown = false;
  private wheelRemainder = 0;

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
    element.addEventListener("contextmenu", preventDefault, on);
    // The middle button would start autoscroll.
    element.addEventListener("auxclick", preventDefault, on);
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
    return { ...at, pressure: Math.max(MIN_PRESSURE, Math.min(event.pressure * 1.4, 1)) };
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.code !== "Space") return;
    // On a focused button, Space is a click.
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
    if (this.mode === "pan") this.target.onHandCursor("closed");
    else this.target.onHandCursor(this.space ? "open" : null);
  }

  private readonly down = (event: PointerEvent): void => {
    if (isOnHandle(event)) return;
    // Palm rejection: ignores touches while the pen is down.
    if (event.pointerType === "touch" && this.penDown) return;
    if (event.button === 1) event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (event.pointerType === "pen") this.penDown = true;
    if (this.pointers.size === 2) {
      if (this.mode === "draw") this.target.onCancel();
      this.mode = "pinch";
    } else if (this.pointers.size === 1) {
      this.begin(event);
    }
    this.showHand();
  };

  private begin(event: PointerEvent): void {
    const button = event.button === 0 || (event.button === 2 && this.target.acceptsRightButton());
    const draws = button && !this.space && this.target.canDraw();
    if (draws) {
      this.mode = "draw";
      const sample = this.sample(event);
      this.previous = sample;
      this.target.onPress(sample, modifiersOf(event));
    } else if (event.button <= 1) {
      this.mode = "pan";
    }
  }

  private readonly move = (event: PointerEvent): void => {
    const point = this.at(event);
    const modifiers = modifiersOf(event);
    if (event.pointerType !== "touch") this.target.onHover(isOnHandle(event) ? null : point, modifiers);
    const previous = this.pointers.get(event.pointerId);
    if (!previous) return;
    this.pointers.set(event.pointerId, point);
    if (this.mode === "draw") {
      const points = this.newPoints(event);
      if (points.length > 0) this.target.onMove(points, modifiers);
    } else if (this.mode === "pan") {
      this.target.onPan(point.x - previous.x, point.y - previous.y);
    } else if (this.mode === "pinch") {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
      if (other) this.target.onPinch([previous, other], [point, other]);
    }
  };

  /** Returns the coalesced points since the last event. */
  private newPoints(event: PointerEvent): StrokePoint[] {
    const events = event.getCoalescedEvents();
    const points: StrokePoint[] = [];
    for (const each of events.length > 0 ? events : [event]) {
      const sample = this.sample(each);
      if (this.previous && Math.hypot(sample.x - this.previous.x, sample.y - this.previous.y) < MIN_DISTANCE)
        continue;
      points.push(sample);
      this.previous = sample;
    }
    return points;
  }

  private readonly up = (event: PointerEvent): void => {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.pointerType === "pen") this.penDown = false;
    if (this.mode === "draw") {
      this.mode = "idle";
      if (event.type === "pointercancel") this.target.onCancel();
      else this.target.onRelease(modifiersOf(event));
    }
    // The finger that remains after a pinch must not start drawing.
    if (this.pointers.size === 0) this.mode = "idle";
    this.showHand();
  };

  private readonly leave = (event: PointerEvent): void => {
    if (!this.pointers.has(event.pointerId)) this.target.onHover(null, NO_MODIFIERS);
  };

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE_PX : 1;
    // Some systems report the wheel as horizontal with Alt or Shift.
    const pixels = (event.deltaY || event.deltaX) * unit;
    if (event.altKey) {
      this.wheelRemainder -= pixels;
      const steps = Math.trunc(this.wheelRemainder / WHEEL_STEP_PX);
      this.wheelRemainder -= steps * WHEEL_STEP_PX;
      if (steps !== 0) this.target.onBrushResize(steps);
    } else if (event.shiftKey) {
      this.target.onPan(-event.deltaX * unit - (event.deltaX === 0 ? event.deltaY * unit : 0), 0);
    } else {
      this.target.onZoom(this.at(event), Math.exp(-pixels * (event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM)));
    }
  };
}

const NO_MODIFIERS: Modifiers = { shift: false, alt: false };

function modifiersOf({ shiftKey, altKey, button }: MouseEvent): Modifiers {
  return { shift: shiftKey, alt: altKey || button === 2 };
}

/** Returns true for events on draggable controls of the stage. */
function isOnHandle({ target }: Event): boolean {
  return target instanceof Element && target.closest("[role=slider]") !== null;
}

function preventDefault(event: Event): void {
  event.preventDefault();
}
