import type { Point } from "../../core/geometry";

/** Modifier keys held during an event. */
export interface HeldKeys {
  readonly shift?: boolean;
  readonly alt?: boolean;
  readonly ctrl?: boolean;
}

/** Properties of a pointer event besides its position. */
export interface PointerOptions extends HeldKeys {
  readonly button?: number;
  readonly pressure?: number;
}

function modifiers({ shift = false, alt = false, ctrl = false }: HeldKeys) {
  return { shiftKey: shift, altKey: alt, ctrlKey: ctrl };
}

/** A mouse, pen or finger whose events go to an element, with coordinates relative to it. */
export class Pointer {
  private static lastId = 0;
  private readonly id = ++Pointer.lastId;
  private at: Point = { x: 0, y: 0 };

  constructor(
    private readonly element: () => Element,
    private readonly type: "mouse" | "pen" | "touch" = "mouse",
  ) {}

  down(x: number, y: number, options?: PointerOptions): void {
    this.at = { x, y };
    this.dispatch("pointerdown", options);
  }

  move(x: number, y: number, options?: PointerOptions): void {
    this.at = { x, y };
    this.dispatch("pointermove", options);
  }

  up(options?: PointerOptions): void {
    this.dispatch("pointerup", options);
  }

  /** Interrupts the gesture, as the browser does when it takes over a touch. */
  cancel(): void {
    this.dispatch("pointercancel");
  }

  leave(): void {
    this.dispatch("pointerleave");
  }

  click(x: number, y: number, options?: PointerOptions): void {
    this.down(x, y, options);
    this.up(options);
  }

  /** Presses at the first point, moves through the others and releases at the last one. */
  drag(points: readonly (readonly [number, number])[], options?: PointerOptions): void {
    const [first, ...others] = points;
    if (!first) return;
    this.down(...first, options);
    for (const point of others) this.move(...point, options);
    this.up(options);
  }

  private dispatch(kind: string, options: PointerOptions = {}): void {
    const event = new PointerEvent(kind, {
      bubbles: true,
      cancelable: true,
      pointerId: this.id,
      pointerType: this.type,
      clientX: this.at.x,
      clientY: this.at.y,
      button: options.button ?? 0,
      pressure: options.pressure ?? 0,
      ...modifiers(options),
    });
    this.element().dispatchEvent(event);
  }
}

/** Turns the mouse wheel at a position. */
export function turnWheel(element: Element, at: Point, deltaY: number, held: HeldKeys = {}): void {
  element.dispatchEvent(
    new WheelEvent("wheel", {
      bubbles: true,
      cancelable: true,
      clientX: at.x,
      clientY: at.y,
      deltaY,
      ...modifiers(held),
    }),
  );
}

/** A keyboard whose events go to the focused element. */
export const keyboard = {
  /** Returns true if the key was handled. */
  down(key: string, held: HeldKeys & { readonly repeat?: boolean } = {}): boolean {
    return !dispatchKey("keydown", key, held);
  },
  up(key: string, held: HeldKeys = {}): void {
    dispatchKey("keyup", key, held);
  },
  /** Presses and releases a key; returns true if it was handled. */
  press(key: string, held: HeldKeys = {}): boolean {
    const handled = this.down(key, held);
    this.up(key, held);
    return handled;
  },
};

/** Returns false if the event was consumed. */
function dispatchKey(kind: string, key: string, held: HeldKeys & { readonly repeat?: boolean }): boolean {
  const event = new KeyboardEvent(kind, {
    bubbles: true,
    cancelable: true,
    key: held.shift && key.length === 1 ? key.toUpperCase() : key,
    code: codeOf(key),
    repeat: held.repeat ?? false,
    ...modifiers(held),
  });
  return (document.activeElement ?? document.body).dispatchEvent(event);
}

function codeOf(key: string): string {
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  return key === " " ? "Space" : key;
}
