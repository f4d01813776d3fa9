import { blendFill, type FilledLayer } from "./blend";
import { boxFromEdges, fullBox } from "./box";
import { changesSince, type Changes } from "./changes";
import { applyDelta, copyBox, xorWithCurrent, type Delta, type Plane } from "./delta";
import { affectedBox, applyEdit, type MaskEdit } from "./edits";
import type { Box, Size } from "./geometry";
import { emptyMask, holeBox, scaled, type Mask } from "./mask";
import { Original } from "./original";
import { buildPyramid, tileBox, updatePyramid, type Pixels, type Pyramid } from "./pyramid";
import { ScaledOriginal, type OriginalSource } from "./scaledOriginal";

/** Viewable layers: the current image, the image as opened, and the mask. */
export type Layer = "image" | "original" | "mask";

/** An image and its mask, edited in place. Every change returns the deltas that undo it. */
export class ImageDocument implements OriginalSource {
  readonly mask: Mask;
  private readonly levels: Pyramid;
  private readonly original: Original | ScaledOriginal;

  /** Opens an image, or continues `earlier` with an image of another size. */
  constructor(
    readonly pixels: Pixels,
    earlier?: ImageDocument,
  ) {
    this.mask = earlier ? scaled(earlier.mask, pixels) : emptyMask(pixels);
    this.levels = buildPyramid(pixels);
    this.original = earlier ? new ScaledOriginal(earlier, pixels) : new Original(this.levels);
  }

  get size(): Size {
    return { width: this.pixels.width, height: this.pixels.height };
  }

  /** Returns the bounding box of the hole; null without a hole. */
  hole(): Box | null {
    return holeBox(this.mask);
  }

  /** Applies an edit to the mask; null if no pixel changed. */
  edit(edit: MaskEdit): Delta | null {
    const box = affectedBox(edit, this.mask);
    if (!box) return null;
    return this.recordDelta("mask", box, () => {
      applyEdit(edit, this.mask);
    });
  }

  /** Blends a filled layer into the image, then clears the mask. */
  fill(layer: FilledLayer): Delta[] {
    this.original.preserve(layer.box);
    const filled = this.recordDelta("image", layer.box, () => {
      blendFill(this.pixels, this.mask, layer);
    });
    updatePyramid(this.levels, layer.box);
    return [filled, this.edit({ kind: "clear" })].filter((delta) => delta !== null);
  }

  /** Replaces all pixels by others of the same size (RGBA). */
  replace(pixels: Uint8ClampedArray): Delta {
    const box = fullBox(this.size);
    this.original.preserve(box);
    const replaced = this.recordDelta("image", box, () => {
      this.pixels.data.set(pixels);
    });
    updatePyramid(this.levels, box);
    return replaced;
  }

  /** Applies a delta: undoes the change, or redoes it after an undo. */
  apply({ layer, box, bytes }: Delta): void {
    if (layer === "image") this.original.preserve(box);
    applyDelta(this.plane(layer), box, bytes);
    if (layer === "image") updatePyramid(this.levels, box);
  }

  /** Returns a tile of a layer at a pyramid level; null outside the image. */
  tile(layer: Layer, level: number, column: number, row: number): Pixels | null {
    const box = tileBox(this.pixels, level, column, row);
    if (!box || !this.levels[level]) return null;
    if (layer === "mask") return maskPixels(this.mask, level, box);
    return layer === "original" ? this.originalPart(level, box) : this.imagePart(level, box);
  }

  /** Returns a copy of a rectangle of the image as opened at a pyramid level. */
  originalPart(level: number, box: Box): Pixels {
    const part = this.imagePart(level, box);
    this.original.restore(part, level, box);
    return part;
  }

  /** True if the image has another size than the one that was opened. */
  get isResized(): boolean {
    return this.original instanceof ScaledOriginal;
  }

  /** Returns the pixels that differ from the image as opened; null if none does, or if the size differs. */
  changes(): Changes | null {
    return this.original instanceof Original ? changesSince(this.pixels, this.original.copied()) : null;
  }

  /** Returns a copy of a rectangle of the image. */
  crop(box: Box): Pixels {
    return this.imagePart(0, box);
  }

  /**
   * Returns a rectangle and its mask at the finest pyramid level at which its longer side has at most `side`
   * pixels.
   */
  overview(box: Box, side: number): { image: Pixels; mask: Pixels } {
    const smaller = Math.ceil(Math.log2(Math.max(box.width, box.height) / side));
    const level = Math.min(Math.max(smaller, 0), this.levels.length - 1);
    const source = this.levels[level] ?? this.pixels;
    const factor = 2 ** level;
    const part = boxFromEdges(
      Math.floor(box.x / factor),
      Math.floor(box.y / factor),
      Math.min(Math.ceil((box.x + box.width) / factor), source.width),
      Math.min(Math.ceil((box.y + box.height) / factor), source.height),
    );
    const { x, y, width, height } = part ?? { x: 0, y: 0, width: 1, height: 1 };
    return {
      image: this.imagePart(level, { x, y, width, height }),
      mask: maskPixels(this.mask, level, { x, y, width, height }),
    };
  }

  private imagePart(level: number, box: Box): Pixels {
    const bytes = copyBox({ ...(this.levels[level] ?? this.pixels), channels: 4 }, box);
    return { width: box.width, height: box.height, data: new Uint8ClampedArray(bytes.buffer) };
  }

  private plane(layer: "image" | "mask"): Plane {
    return layer === "mask" ? { ...this.mask, channels: 1 } : { ...this.pixels, channels: 4 };
  }

  private recordDelta(layer: "mask", box: Box, change: () => void): Delta | null;
  private recordDelta(layer: "image", box: Box, change: () => void): Delta;
  private recordDelta(layer: "image" | "mask", box: Box, change: () => void): Delta | null {
    const plane = this.plane(layer);
    const before = copyBox(plane, box);
    change();
    const bytes = xorWithCurrent(before, plane, box);
    return layer === "mask" && bytes.every((byte) => byte === 0) ? null : { layer, box, bytes };
  }
}

/**
 * Returns the mask as black pixels whose alpha is the mask value; the caller colours them. A pixel of a
 * coarser level is the mean of the pixels that it covers.
 */
function maskPixels(mask: Mask, level: number, box: Box): Pixels {
  const data = new Uint8ClampedArray(box.width * box.height * 4);
  const factor = 2 ** level;
  // Subsampled to about 4 x 4 samples per pixel: more make no visible difference.
  const step = Math.max(factor >> 2, 1);
  for (let row = 0; row < box.height; row++) {
    for (let column = 0; column < box.width; column++) {
      const left = (box.x + column) * factor;
      const top = (box.y + row) * factor;
      const [right, bottom] = [Math.min(left + factor, mask.width), Math.min(top + factor, mask.height)];
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
