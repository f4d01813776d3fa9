import type { MaskEdit } from "../../core/edits";
import type { Point, Size, View } from "../../core/geometry";
import type { Change } from "../document/desk";
import { clear, drawEdit, drawLayer, drawOutline, placeOf, resizeCanvas, type Drawing } from "./paint";
import { Tiles } from "./tiles";

/** How the mask looks. */
export interface MaskStyle {
  readonly colour: string;
  /** Dark stripes for those who can't tell the colour from what is below. */
  readonly hatch: boolean;
}

/** What is drawn and not yet part of the mask. */
interface Pending {
  readonly edit: MaskEdit;
  taken: boolean;
}

/** CSS pixels from stripe to stripe. */
const HATCH = 8;
/** How long the shimmer takes to go over the mask. */
const SHIMMER_MS = 1600;

/** The canvas that shows the mask and what the tool is about to do to it. */
export class MaskLayer {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly tiles: Tiles;
  private pending: Pending[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly picture: Size,
    private readonly redraw: () => void,
  ) {
    this.context = canvas.getContext("2d");
    this.tiles = new Tiles(picture, redraw);
  }

  resize(size: Size): void {
    resizeCanvas(this.canvas, size);
  }

  change({ mask }: Change): void {
    if (mask) this.tiles.invalidate("mask", mask);
  }

  /** Shows an edit until it is done and the mask shows it. */
  expect(edit: MaskEdit, done: Promise<void>): void {
    const pending = { edit, taken: false };
    this.pending.push(pending);
    void done.finally(() => {
      pending.taken = true;
      this.redraw();
    });
  }

  /** True if every tile of the last drawing is loaded and current, and all edits are part of them. */
  get complete(): boolean {
    return this.tiles.complete && this.pending.length === 0;
  }

  /** `shimmering`: a job works on the hole; the number is its age in milliseconds. */
  draw(
    view: View,
    style: MaskStyle,
    preview: MaskEdit | null,
    outline: readonly Point[],
    shimmering: number | null,
  ): void {
    if (!this.context) return;
    const drawing: Drawing = { context: this.context, place: placeOf(view), picture: this.picture };
    clear(drawing);
    this.tiles.begin();
    drawLayer(drawing, this.tiles, "mask");
    this.tiles.end();
    for (const { edit } of this.pending) drawEdit(drawing, edit);
    if (preview) drawEdit(drawing, preview);
    this.colour(drawing, style, shimmering);
    drawOutline(drawing, outline);
    this.settle();
  }

  /** Lets go of edits that the tiles show by now. */
  private settle(): void {
    const left = this.tiles.complete ? this.pending.filter(({ taken }) => !taken) : this.pending;
    if (left.length < this.pending.length) this.redraw();
    this.pending = left;
  }

  hide(): void {
    if (this.context)
      clear({ context: this.context, place: { scale: 1, x: 0, y: 0 }, picture: this.picture });
  }

  dispose(): void {
    this.tiles.close();
  }

  /** Gives everything that is drawn the mask's colour. */
  private colour({ context }: Drawing, { colour, hatch }: MaskStyle, shimmering: number | null): void {
    const { width, height } = context.canvas;
    context.save();
    context.resetTransform();
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-atop";
    if (hatch) {
      const stripes = stripesOf(context);
      if (stripes) {
        context.fillStyle = stripes;
        context.fillRect(0, 0, width, height);
      }
    }
    if (shimmering !== null) {
      context.fillStyle = shimmer(context, shimmering);
      context.fillRect(0, 0, width, height);
    }
    context.restore();
  }
}

/** A band of light that goes over the canvas from corner to corner. */
function shimmer(context: CanvasRenderingContext2D, age: number): CanvasGradient {
  const { width, height } = context.canvas;
  const way = (age % SHIMMER_MS) / SHIMMER_MS;
  const reach = 240 * devicePixelRatio;
  const at = -reach + way * (width + height * 0.5 + 2 * reach);
  const band = context.createLinearGradient(at - reach, 0, at + reach, reach);
  band.addColorStop(0, "rgb(255 255 255 / 0%)");
  band.addColorStop(0.5, "rgb(255 255 255 / 70%)");
  band.addColorStop(1, "rgb(255 255 255 / 0%)");
  return band;
}

function stripesOf(context: CanvasRenderingContext2D): CanvasPattern | null {
  const side = Math.round(HATCH * devicePixelRatio);
  const tile = new OffscreenCanvas(side, side);
  const pen = tile.getContext("2d");
  if (!pen) return null;
  pen.strokeStyle = "rgb(0 0 0 / 65%)";
  pen.lineWidth = side / 4;
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
