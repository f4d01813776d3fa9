import type { Box, Size, View } from "../../core/geometry";
import type { Change } from "../document/documentSession";
import type { OpenImage } from "../store";
import {
  canvasTransform,
  clear,
  drawBitmap,
  drawCheckerboard,
  drawLayer,
  resizeCanvas,
  type DrawTarget,
} from "./paint";
import { TileCache } from "./tiles";

/** Duration of the transition to new pixels, in milliseconds. */
const FADE_MS = 120;

/** New pixels drawn over the tiles until the tiles contain them. */
interface RecentPixels {
  readonly bitmap: ImageBitmap;
  readonly box: Box;
  readonly since: number;
}

/** The shown layers. */
export interface ShownLayers {
  /** Shows the original instead of the result. */
  readonly comparing: boolean;
  /** Divider between original and result, 0 to 1; null is off. */
  readonly divider: number | null;
  /** Shows a checkerboard behind transparent pixels. */
  readonly hasTransparency: boolean;
}

/** The canvas with the image. */
export class ImageLayer {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly tiles: TileCache;
  private recent: RecentPixels[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly image: OpenImage,
    redraw: () => void,
  ) {
    this.context = canvas.getContext("2d", { colorSpace: image.space });
    this.tiles = new TileCache(image, redraw);
  }

  resize(size: Size): void {
    resizeCanvas(this.canvas, size);
  }

  /** Invalidates the changed tiles and shows the new pixels. */
  onChange({ image, bitmap }: Change): void {
    if (image) this.tiles.invalidate("image", image);
    if (image && bitmap) this.recent.push({ bitmap, box: image, since: performance.now() });
  }

  /** True if every tile of the last frame is loaded and current. */
  get complete(): boolean {
    return this.tiles.complete;
  }

  /** Draws a frame; returns true if another one is needed. */
  draw(view: View, { comparing, divider, hasTransparency }: ShownLayers, animated: boolean): boolean {
    if (!this.context) return false;
    const target: DrawTarget = {
      context: this.context,
      transform: canvasTransform(view),
      image: this.image,
    };
    clear(target);
    if (hasTransparency) drawCheckerboard(target);
    this.tiles.beginFrame();
    if (comparing) {
      drawLayer(target, this.tiles, "original");
    } else {
      drawLayer(target, this.tiles, "image");
      this.drawRecent(target, animated);
      if (divider !== null) this.drawOriginalUpTo(target, divider);
    }
    this.tiles.endFrame();
    return !comparing && this.dropLoaded();
  }

  dispose(): void {
    this.tiles.close();
    for (const { bitmap } of this.recent) bitmap.close();
    this.recent = [];
  }

  private drawRecent(target: DrawTarget, animated: boolean): void {
    for (const { bitmap, box, since } of this.recent) {
      const opacity = animated ? Math.min((performance.now() - since) / FADE_MS, 1) : 1;
      target.context.globalAlpha = opacity;
      drawBitmap(target, bitmap, box);
    }
    target.context.globalAlpha = 1;
  }

  private drawOriginalUpTo(target: DrawTarget, divider: number): void {
    const { context, transform, image } = target;
    context.save();
    context.beginPath();
    context.rect(0, 0, transform.x + divider * image.width * transform.scale, context.canvas.height);
    context.clip();
    drawLayer(target, this.tiles, "original");
    context.restore();
  }

  /** Removes new pixels that the tiles contain; returns true if another frame is needed. */
  private dropLoaded(): boolean {
    const faded = performance.now() - FADE_MS;
    const loaded = this.tiles.complete ? this.recent.filter(({ since }) => since <= faded) : [];
    for (const { bitmap } of loaded) bitmap.close();
    this.recent = this.recent.filter((each) => !loaded.includes(each));
    return loaded.length > 0 || this.recent.some(({ since }) => since > faded);
  }
}
