import { clamp, type Point } from "../../core/geometry";
import type { Modifiers } from "../tools/tool";

/** Receiver of keyboard drawing. */
export interface KeyTarget {
  canDraw(): boolean;
  /** True if Enter without a cursor is a shortcut, such as closing a shape that the mouse started. */
  handlesEnter(): boolean;
  /** True if a press lasts until it is released; false for clicks, such as the corners of a polygon. */
  isPressHeld(): boolean;
  onPress(at: Point, modifiers: Modifiers): void;
  onMove(points: readonly Point[], modifiers: Modifiers): void;
  onRelease(modifiers: Modifiers): void;
  /** Follows the keyboard cursor; null hides it. */
  onCursorMove(at: Point | null): void;
}

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
/** Distance per arrow key press in CSS pixels, without and with Shift. */
const STEP = 8;
const LARGE_STEP = 48;
const NO_MODIFIERS: Modifiers = { shift: false, alt: false };

/** Draws by keyboard while the stage is focused: arrow keys move a cursor, Enter presses and releases. */
export class KeyboardPointer {
  private at: Point | null = null;
  private down = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: KeyTarget,
    signal: AbortSignal,
  ) {
    element.addEventListener("keydown", this.key, { signal });
    for (const type of ["pointerdown", "pointermove", "blur"] as const) {
      element.addEventListener(type, this.reset, { signal });
    }
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.target !== this.element || event.ctrlKey || event.metaKey) return;
    const direction = DIRECTIONS[event.key];
    if (direction) this.move(direction, event.shiftKey ? LARGE_STEP : STEP);
    else if (event.key !== "Enter" || !this.press()) return;
    event.preventDefault();
    event.stopPropagation();
  };

  private move({ x, y }: Point, step: number): void {
    const { clientWidth, clientHeight } = this.element;
    const from = this.at ?? { x: clientWidth / 2, y: clientHeight / 2 };
    this.at = { x: clamp(from.x + x * step, 0, clientWidth), y: clamp(from.y + y * step, 0, clientHeight) };
    if (this.down) this.target.onMove([this.at], NO_MODIFIERS);
    this.target.onCursorMove(this.at);
  }

  /** Handles Enter; returns false if the key isn't consumed. */
  private press(): boolean {
    if (!this.at) {
      if (this.target.handlesEnter()) return false;
      this.move({ x: 0, y: 0 }, 0);
      return true;
    }
    if (this.down) {
      this.down = false;
      this.target.onRelease(NO_MODIFIERS);
    } else if (this.target.canDraw()) {
      this.target.onPress(this.at, NO_MODIFIERS);
      this.down = this.target.isPressHeld();
      if (!this.down) this.target.onRelease(NO_MODIFIERS);
    }
    return true;
  }

  private readonly reset = (): void => {
    if (this.down) this.target.onRelease(NO_MODIFIERS);
    this.down = false;
    if (this.at) this.target.onCursorMove(null);
    this.at = null;
  };
}
