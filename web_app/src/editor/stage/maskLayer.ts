import type { MaskEdit } from "../../core/edits";
import type { Point, Size, View } from "../../core/geometry";
import type { Change } from "../document/documentSession";
import {
  canvasTransform,
  clear,
  drawEdit,
  drawLayer,
  drawOutline,
  resizeCanvas,
  type DrawTarget,
} from "./paint";
import { TileCache } from "./tiles";

/** Appearance of the mask. */
export interface MaskStyle {
  readonly colour: string;
  /** Dark stripes, for users who can't distinguish the colour from the image. */
  readonly hatch: boolean;
}

/** An edit that the mask's tiles don't show yet. */
interface PendingEdit {
  readonly edit: MaskEdit;
  applied: boolean;
}

/** Distance between stripes in CSS pixels. */
const HATCH_SPACING = 8;
/** Duration of one shimmer pass, in milliseconds. */
const SHIMMER_MS = 1600;

/** The canvas with the mask and the preview of the current drawing. */
export class MaskLayer {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly tiles: TileCache;
  private pending: PendingEdit[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly image: Size,
    private readonly redraw: () => void,
  ) {
    this.context = canvas.getContext("2d");
    this.tiles = new TileCache(image, redraw);
  }

  resize(size: Size): void {
    resizeCanvas(this.canvas, size);
  }

  onChange({ mask }: Change): void {
    if (mask) this.tiles.invalidate("mask", mask);
  }

  /** Draws an edit over the tiles until the tiles contain it. */
  showPending(edit: MaskEdit, applied: Promise<void>): void {
    const pending = { edit, applied: false };
    this.pending.push(pending);
    void applied.finally(() => {
      pending.applied = true;
      this.redraw();
    });
  }

  /** True if every tile of the last frame is loaded and current, and contains all edits. */
  get complete(): boolean {
    return this.tiles.complete && this.pending.length === 0;
  }

  /** Draws a frame; `jobAgeMs` is the age of the running job, which shimmers, or null. */
  draw(
    view: View,
    style: MaskStyle,
    preview: MaskEdit | null,
    outline: readonly Point[],
    jobAgeMs: number | null,
  ): void {
    if (!this.context) return;
    const target: DrawTarget = {
      context: this.context,
      transform: canvasTransform(view),
      image: this.image,
    };
    clear(target);
    this.tiles.beginFrame();
    drawLayer(target, this.tiles, "mask");
    this.tiles.endFrame();
    for (const { edit } of this.pending) drawEdit(target, edit);
    if (preview) drawEdit(target, preview);
    this.colour(target, style, jobAgeMs);
    drawOutline(target, outline);
    this.dropApplied();
  }

  /** Removes edits that the tiles contain. */
  private dropApplied(): void {
    const remaining = this.tiles.complete ? this.pending.filter(({ applied }) => !applied) : this.pending;
    if (remaining.length < this.pending.length) this.redraw();
    this.pending = remaining;
  }

  hide(): void {
    if (this.context)
      clear({ context: this.context, transform: { scale: 1, x: 0, y: 0 }, image: this.image });
  }

  dispose(): void {
    this.tiles.close();
  }

  /** Colours everything that is drawn. */
  private colour({ context }: DrawTarget, { colour, hatch }: MaskStyle, jobAgeMs: number | null): void {
    const { width, height } = context.canvas;
    context.save();
    context.resetTransform();
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "source-atop";
    if (hatch) {
      const stripes = createStripes(context);
      if (stripes) {
        context.fillStyle = stripes;
        context.fillRect(0, 0, width, height);
      }
    }
    if (jobAgeMs !== null) {
      context.fillStyle = createShimmer(context, jobAgeMs);
      context.fillRect(0, 0, width, height);
    }
    context.restore();
  }
}

/** Returns a light diagonal band that moves across the canvas. */
function createShimmer(context: CanvasRenderingContext2D, age: number): CanvasGradient {
  const { width, height } = context.canvas;
  const progress = (age % SHIMMER_MS) / SHIMMER_MS;
  const reach = 240 * devicePixelRatio;
  const at = -reach + progress * (width + height * 0.5 + 2 * reach);
  const band = context.createLinearGradient(at - reach, 0, at + reach, reach);
  band.addColorStop(0, "rgb(255 255 255 / 0%)");
  band.addColorStop(0.5, "rgb(255 255 255 / 70%)");
  band.addColorStop(1, "rgb(255 255 255 / 0%)");
  return band;
}

function createStripes(context: CanvasRenderingContext2D): CanvasPattern | null {
  const side = Math.round(HATCH_SPACING * devicePixelRatio);
  const tile = new OffscreenCanvas(side, side);
  const stripeContext = tile.getContext("2d");
  if (!stripeContext) return null;
  stripeContext.strokeStyle = "rgb(0 0 0 / 65%)";
  stripeContext.lineWidth = side / 4;
  for (const shift of [-side, 0, side]) {
    stripeContext.moveTo(shift - 1, side + 1);
    stripeContext.lineTo(shift + side + 1, -1);
  }
  stripeContext.stroke();
  return context.createPattern(tile, "repeat");
}
