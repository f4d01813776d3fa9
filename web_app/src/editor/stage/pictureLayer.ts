import type { Box, Size, View } from "../../core/geometry";
import type { Change } from "../document/desk";
import type { Picture } from "../store";
import { clear, drawBitmap, drawLayer, placeOf, resizeCanvas, type Drawing } from "./paint";
import { Tiles } from "./tiles";

/** How long new pixels take to cover the old ones. */
const FADE_MS = 120;

/** Pixels that just changed, shown over the tiles until these show them too. */
interface Fresh {
  readonly bitmap: ImageBitmap;
  readonly box: Box;
  readonly since: number;
}

/** What is looked at: the picture, the original, or both with a line between them. */
export interface Look {
  readonly comparing: boolean;
  readonly divider: number | null;
}

/** The canvas that shows the picture. */
export class PictureLayer {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly tiles: Tiles;
  private fresh: Fresh[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly picture: Picture,
    redraw: () => void,
  ) {
    this.context = canvas.getContext("2d", { colorSpace: picture.space });
    this.tiles = new Tiles(picture, redraw);
  }

  resize(size: Size): void {
    resizeCanvas(this.canvas, size);
  }

  /** Takes up a change of the picture. */
  change({ picture, shown }: Change): void {
    if (picture) this.tiles.invalidate("picture", picture);
    if (picture && shown) this.fresh.push({ bitmap: shown, box: picture, since: performance.now() });
  }

  /** True if every tile of the last drawing is loaded and current. */
  get complete(): boolean {
    return this.tiles.complete;
  }

  /** Draws; whether it has to go on doing so. */
  draw(view: View, { comparing, divider }: Look, moving: boolean): boolean {
    if (!this.context) return false;
    const drawing: Drawing = { context: this.context, place: placeOf(view), picture: this.picture };
    clear(drawing);
    this.tiles.begin();
    if (comparing) {
      drawLayer(drawing, this.tiles, "original");
    } else {
      drawLayer(drawing, this.tiles, "picture");
      this.drawFresh(drawing, moving);
      if (divider !== null) this.drawOriginalUpTo(drawing, divider);
    }
    this.tiles.end();
    return !comparing && this.settle();
  }

  dispose(): void {
    this.tiles.close();
    for (const { bitmap } of this.fresh) bitmap.close();
    this.fresh = [];
  }

  private drawFresh(drawing: Drawing, moving: boolean): void {
    for (const { bitmap, box, since } of this.fresh) {
      const share = moving ? Math.min((performance.now() - since) / FADE_MS, 1) : 1;
      drawing.context.globalAlpha = share;
      drawBitmap(drawing, bitmap, box);
    }
    drawing.context.globalAlpha = 1;
  }

  private drawOriginalUpTo(drawing: Drawing, divider: number): void {
    const { context, place, picture } = drawing;
    context.save();
    context.beginPath();
    context.rect(0, 0, place.x + divider * picture.width * place.scale, context.canvas.height);
    context.clip();
    drawLayer(drawing, this.tiles, "original");
    context.restore();
  }

  /** Lets go of fresh pixels that the tiles show by now; whether it has to be drawn once more. */
  private settle(): boolean {
    const faded = performance.now() - FADE_MS;
    const gone = this.tiles.complete ? this.fresh.filter(({ since }) => since <= faded) : [];
    for (const { bitmap } of gone) bitmap.close();
    this.fresh = this.fresh.filter((each) => !gone.includes(each));
    return gone.length > 0 || this.fresh.some(({ since }) => since > faded);
  }
}
