import type { Point, Size, View } from "../../core/geometry";
import { useEditor } from "../store";
import { usesBrush } from "../tools";
import type { StageElements } from "./elements";

/** Time for which the brush ring previews a new size without a pointer, in milliseconds. */
const PREVIEW_MS = 700;

/** Diameter of the keyboard cursor for tools without a brush, in CSS pixels. */
const KEYBOARD_CURSOR_SIZE = 12;

/** Shows the tool's position: brush ring, mouse cursor, and the divider of the comparison. */
export class Cursor {
  private at: Point | null = null;
  private hand: "open" | "closed" | null = null;
  private byKeyboard = false;
  private timer = 0;
  private brush = useEditor.getState().brush;

  constructor(private readonly elements: StageElements) {}

  /** Follows the mouse or the keyboard cursor; null hides the ring. */
  move(at: Point | null, by: "mouse" | "keyboard" = "mouse"): void {
    this.at = at;
    this.byKeyboard = by === "keyboard";
    this.placeRing();
  }

  setHand(hand: "open" | "closed" | null): void {
    this.hand = hand;
    this.update();
  }

  /** Updates the cursor after a change of tool, brush size or job. */
  update(): void {
    const { tool, job, brush } = useEditor.getState();
    const { dataset } = this.elements.root;
    if (this.hand) dataset.cursor = this.hand;
    else if (job && job.task !== "select") dataset.cursor = "busy";
    else if (tool === "pan") dataset.cursor = "open";
    else dataset.cursor = usesBrush(tool) && tool !== "line" ? "ring" : "cross";
    if (brush !== this.brush) this.showSize();
    this.brush = brush;
    this.placeRing();
  }

  /** Positions the divider on the screen. */
  placeDivider(view: View, image: Size, divider: number | null): void {
    if (divider === null) return;
    const { style } = this.elements.divider;
    style.transform = `translateX(${view.x + divider * image.width * view.scale}px)`;
  }

  /** Previews the new size in the middle of the stage while no pointer is over it. */
  private showSize(): void {
    if (this.at) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.placeRing();
    }, PREVIEW_MS);
  }

  private placeRing(): void {
    const { ring, root } = this.elements;
    const { brush, tool } = useEditor.getState();
    const middle = { x: root.clientWidth / 2, y: root.clientHeight / 2 };
    const at = this.at ?? (this.timer ? middle : null);
    ring.hidden = !at || !(usesBrush(tool) || this.byKeyboard) || this.hand !== null;
    if (!at) return;
    const size = usesBrush(tool) ? brush : KEYBOARD_CURSOR_SIZE;
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.transform = `translate(${at.x - size / 2}px, ${at.y - size / 2}px)`;
  }
}
