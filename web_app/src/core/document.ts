import { blendFill } from "./blend";
import { boxOf, whole } from "./box";
import { applyDelta, copyBox, differenceFrom, type Delta, type Plane } from "./delta";
import { applyEdit, reachOf, type MaskEdit } from "./edits";
import type { Box, Size } from "./geometry";
import { emptyMask, holeBox, type Mask } from "./mask";
import { Original } from "./original";
import { buildPyramid, tileBox, updatePyramid, type Pixels, type Pyramid } from "./pyramid";

/** What can be looked at: the picture as it is now, as it was opened, or the mask over it. */
export type Layer = "picture" | "original" | "mask";

/** A picture with its mask, edited in place. Every change answers the way back. */
export class PictureDocument {
  readonly mask: Mask;
  private readonly levels: Pyramid;
  private readonly original: Original;

  constructor(readonly pixels: Pixels) {
    this.mask = emptyMask(pixels);
    this.levels = buildPyramid(pixels);
    this.original = new Original(this.levels);
  }

  get size(): Size {
    return { width: this.pixels.width, height: this.pixels.height };
  }

  /** The rectangle around the hole. */
  hole(): Box | null {
    return holeBox(this.mask);
  }

  /** Changes the mask; null where that changes nothing. */
  edit(edit: MaskEdit): Delta | null {
    const box = reachOf(edit, this.mask);
    if (!box) return null;
    return this.changed("mask", box, () => {
      applyEdit(edit, this.mask);
    });
  }

  /** Lays a filled rectangle over the picture, through the mask, which is used up. */
  fill(patch: Uint8ClampedArray, box: Box): Delta[] {
    this.original.keep(box);
    const filled = this.changed("picture", box, () => {
      blendFill(this.pixels, this.mask, patch, box);
    });
    updatePyramid(this.levels, box);
    return [filled, this.edit({ kind: "clear" })].filter((delta) => delta !== null);
  }

  /** Takes other pixels in place of all. */
  replace(pixels: Uint8ClampedArray): Delta {
    const box = whole(this.size);
    this.original.keep(box);
    const replaced = this.changed("picture", box, () => {
      this.pixels.data.set(pixels);
    });
    updatePyramid(this.levels, box);
    return replaced;
  }

  /** Goes the way of a delta: back where it was done, there again where it was undone. */
  apply({ layer, box, bytes }: Delta): void {
    if (layer === "picture") this.original.keep(box);
    applyDelta(this.plane(layer), box, bytes);
    if (layer === "picture") updatePyramid(this.levels, box);
  }

  /** A square piece of what is looked at, on a level of the pyramid; null beyond the picture's edge. */
  tile(layer: Layer, level: number, column: number, row: number): Pixels | null {
    const box = tileBox(this.pixels, level, column, row);
    if (!box) return null;
    if (layer === "mask") return maskPixels(this.mask, level, box);
    const source = this.levels[level];
    if (!source) return null;
    const tile: Pixels = {
      width: box.width,
      height: box.height,
      data: new Uint8ClampedArray(copyBox({ ...source, channels: 4 }, box).buffer),
    };
    if (layer === "original") this.original.restore(tile, level, box);
    return tile;
  }

  /** The picture's pixels in a rectangle. */
  cut(box: Box): Pixels {
    const bytes = copyBox({ ...this.pixels, channels: 4 }, box);
    return { width: box.width, height: box.height, data: new Uint8ClampedArray(bytes.buffer) };
  }

  /** A rectangle with its mask on the largest level on which its longer side has at most `side` pixels. */
  overview(box: Box, side: number): { picture: Pixels; mask: Pixels } {
    const smaller = Math.ceil(Math.log2(Math.max(box.width, box.height) / side));
    const level = Math.min(Math.max(smaller, 0), this.levels.length - 1);
    const source = this.levels[level] ?? this.pixels;
    const share = 2 ** level;
    const part = boxOf(
      Math.floor(box.x / share),
      Math.floor(box.y / share),
      Math.min(Math.ceil((box.x + box.width) / share), source.width),
      Math.min(Math.ceil((box.y + box.height) / share), source.height),
    );
    const { x, y, width, height } = part ?? { x: 0, y: 0, width: 1, height: 1 };
    const bytes = copyBox({ ...source, channels: 4 }, { x, y, width, height });
    return {
      picture: { width, height, data: new Uint8ClampedArray(bytes.buffer) },
      mask: maskPixels(this.mask, level, { x, y, width, height }),
    };
  }

  private plane(layer: "picture" | "mask"): Plane {
    return layer === "mask" ? { ...this.mask, channels: 1 } : { ...this.pixels, channels: 4 };
  }

  private changed(layer: "mask", box: Box, change: () => void): Delta | null;
  private changed(layer: "picture", box: Box, change: () => void): Delta;
  private changed(layer: "picture" | "mask", box: Box, change: () => void): Delta | null {
    const plane = this.plane(layer);
    const before = copyBox(plane, box);
    change();
    const bytes = differenceFrom(before, plane, box);
    return layer === "mask" && bytes.every((byte) => byte === 0) ? null : { layer, box, bytes };
  }
}

/** The mask's share as opacity; its colour is up to whoever draws it. Smaller levels show the mean of their pixels. */
function maskPixels(mask: Mask, level: number, box: Box): Pixels {
  const data = new Uint8ClampedArray(box.width * box.height * 4);
  const share = 2 ** level;
  // More than four by four samples a pixel make no difference to the eye.
  const step = Math.max(share >> 2, 1);
  for (let row = 0; row < box.height; row++) {
    for (let column = 0; column < box.width; column++) {
      const left = (box.x + column) * share;
      const top = (box.y + row) * share;
      const [right, bottom] = [Math.min(left + share, mask.width), Math.min(top + share, mask.height)];
      let sum = 0;
      let count = 0;
      for (let y = top; y < bottom; y += step) {
        for (let x = left; x < right; x += step) {
          sum += mask.data[y * mask.width + x] ?? 0;
          count++;
        }
      }
      data[(row * box.width + column) * 4 + 3] = sum / Math.max(count, 1);
    }
  }
  return { width: box.width, height: box.height, data };
}
