import { clamp, type Point } from "../../core/geometry";
import type { Held } from "../tools/tool";

/** What the keys do to the stage. */
export interface KeyTarget {
  canDraw(): boolean;
  isDrawing(): boolean;
  /** Whether a press lasts until it is let go; for a polygon's corners it doesn't. */
  isHeld(): boolean;
  pressed(at: Point, held: Held): void;
  moved(points: readonly Point[], held: Held): void;
  released(held: Held): void;
  /** Where the keys' cursor is; null where it isn't seen any more. */
  pointedAt(at: Point | null): void;
}

const WAYS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
/** CSS pixels that a press of an arrow goes, alone and with Shift. */
const STEP = 8;
const LARGE_STEP = 48;
const NONE: Held = { shift: false, alt: false };

/** Draws with the keys while the stage has the focus: arrows move a cursor, Enter presses and lets go. */
export class KeyboardPointer {
  private at: Point | null = null;
  private down = false;

  constructor(
    private readonly element: HTMLElement,
    private readonly target: KeyTarget,
    signal: AbortSignal,
  ) {
    element.addEventListener("keydown", this.key, { signal });
    for (const end of ["pointerdown", "pointermove", "blur"] as const) {
      element.addEventListener(end, this.leave, { signal });
    }
  }

  private readonly key = (event: KeyboardEvent): void => {
    if (event.target !== this.element || event.ctrlKey || event.metaKey) return;
    const way = WAYS[event.key];
    if (way) this.move(way, event.shiftKey ? LARGE_STEP : STEP);
    else if (event.key !== "Enter" || !this.press()) return;
    event.preventDefault();
    event.stopPropagation();
  };

  private move({ x, y }: Point, step: number): void {
    const { clientWidth, clientHeight } = this.element;
    const from = this.at ?? { x: clientWidth / 2, y: clientHeight / 2 };
    this.at = { x: clamp(from.x + x * step, 0, clientWidth), y: clamp(from.y + y * step, 0, clientHeight) };
    if (this.down) this.target.moved([this.at], NONE);
    this.target.pointedAt(this.at);
  }

  /** Whether Enter meant the cursor. */
  private press(): boolean {
    if (!this.at) {
      // What the mouse began, Enter ends in its own way.
      if (this.target.isDrawing()) return false;
      this.move({ x: 0, y: 0 }, 0);
      return true;
    }
    if (this.down) {
      this.down = false;
      this.target.released(NONE);
    } else if (this.target.canDraw()) {
      this.target.pressed(this.at, NONE);
      this.down = this.target.isHeld();
    }
    return true;
  }

  private readonly leave = (): void => {
    if (this.down) this.target.released(NONE);
    this.down = false;
    if (this.at) this.target.pointedAt(null);
    this.at = null;
  };
}
