import type { Point, Size, View } from "../../core/geometry";
import { useEditor } from "../store";
import { usesBrush } from "../tools";
import type { StageElements } from "./stage";

/** How long the ring shows a new size where no cursor is. */
const SHOWN_MS = 700;

/** Diameter of the ring that stands for the keys' cursor where a tool has no brush. */
const POINT = 12;

/** What shows where a tool would act: the ring of the brush, the mouse's cursor, the line between two pictures. */
export class Cursor {
  private at: Point | null = null;
  private shown: "open" | "closed" | null = null;
  private keys = false;
  private timer = 0;
  private brush = useEditor.getState().brush;

  constructor(private readonly elements: StageElements) {}

  /** Follows the mouse, or the cursor that the keys move. */
  move(at: Point | null, by: "mouse" | "keys" = "mouse"): void {
    this.at = at;
    this.keys = by === "keys";
    this.placeRing();
  }

  hand(shown: "open" | "closed" | null): void {
    this.shown = shown;
    this.update();
  }

  /** Takes up another tool, another size of the brush, the begin or end of a job. */
  update(): void {
    const { tool, job, brush } = useEditor.getState();
    const { dataset } = this.elements.root;
    if (this.shown) dataset.cursor = this.shown;
    else if (job) dataset.cursor = "busy";
    else if (tool === "pan") dataset.cursor = "open";
    else dataset.cursor = usesBrush(tool) && tool !== "line" ? "ring" : "cross";
    if (brush !== this.brush) this.showSize();
    this.brush = brush;
    this.placeRing();
  }

  /** Puts the line between original and result where it belongs on the screen. */
  placeDivider(view: View, picture: Size, divider: number | null): void {
    if (divider === null) return;
    const { style } = this.elements.divider;
    style.transform = `translateX(${view.x + divider * picture.width * view.scale}px)`;
  }

  /** Without a cursor on the picture the new size shows in its middle for a moment. */
  private showSize(): void {
    if (this.at) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.placeRing();
    }, SHOWN_MS);
  }

  private placeRing(): void {
    const { ring, root } = this.elements;
    const { brush, tool } = useEditor.getState();
    const middle = { x: root.clientWidth / 2, y: root.clientHeight / 2 };
    const at = this.at ?? (this.timer ? middle : null);
    ring.hidden = !at || !(usesBrush(tool) || this.keys) || this.shown !== null;
    if (!at) return;
    const size = usesBrush(tool) ? brush : POINT;
    ring.style.width = ring.style.height = `${size}px`;
    ring.style.transform = `translate(${at.x - size / 2}px, ${at.y - size / 2}px)`;
  }
}
