import { boxFromEdges } from "./box";
import type { Box, Size } from "./geometry";

/** RGBA pixels, row by row, not premultiplied. */
export interface Pixels extends Size {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** An image pyramid: level 0 has full resolution, each further level half of it. */
export type Pyramid = readonly Pixels[];

/** Side of a tile in pixels of its level. */
export const TILE_SIDE = 512;

export function levelSize({ width, height }: Size, level: number): Size {
  const factor = 2 ** level;
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
}

/** Returns the coarsest level: the one at which the whole image is one tile. */
export function topLevel({ width, height }: Size): number {
  return Math.max(Math.ceil(Math.log2(Math.max(width, height) / TILE_SIDE)), 0);
}

/** Returns the coarsest level with at least one pixel per screen pixel. */
export function levelFor(scale: number, image: Size): number {
  return Math.min(Math.max(Math.floor(Math.log2(1 / scale)), 0), topLevel(image));
}

/** Returns a tile's rectangle at its level; null outside the image. */
export function tileBox(image: Size, level: number, column: number, row: number): Box | null {
  const size = levelSize(image, level);
  const [x, y] = [column * TILE_SIDE, row * TILE_SIDE];
  return boxFromEdges(x, y, Math.min(x + TILE_SIDE, size.width), Math.min(y + TILE_SIDE, size.height));
}

/** Computes all coarser levels of an image. */
export function buildPyramid(base: Pixels): Pyramid {
  const levels = [base];
  for (let level = 1; level <= topLevel(base); level++) {
    const size = levelSize(base, level);
    levels.push({ ...size, data: new Uint8ClampedArray(size.width * size.height * 4) });
  }
  updatePyramid(levels, { x: 0, y: 0, width: base.width, height: base.height });
  return levels;
}

/** Recomputes the coarser levels after a rectangle of level 0 changed. */
export function updatePyramid(levels: Pyramid, box: Box): void {
  let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  for (let level = 1; level < levels.length; level++) {
    const [from, to] = [levels[level - 1], levels[level]];
    if (!from || !to) return;
    [left, top, right, bottom] = [left >> 1, top >> 1, (right + 1) >> 1, (bottom + 1) >> 1];
    halve(from, to, left, top, right, bottom);
  }
}

/** Returns an image at half its resolution. */
export function halved(from: Pixels): Pixels {
  const size = levelSize(from, 1);
  const to = { ...size, data: new Uint8ClampedArray(size.width * size.height * 4) };
  halve(from, to, 0, 0, size.width, size.height);
  return to;
}

/** Sets every pixel of a rectangle of `to` to the mean of its 2 x 2 pixels in `from`. */
function halve(from: Pixels, to: Pixels, left: number, top: number, right: number, bottom: number): void {
  const { data: source, width, height } = from;
  for (let y = top; y < bottom; y++) {
    const above = 2 * y * width;
    // At an odd edge the last row and column are repeated.
    const below = Math.min(2 * y + 1, height - 1) * width;
    for (let x = left; x < right; x++) {
      const [first, second] = [2 * x, Math.min(2 * x + 1, width - 1)];
      const a = (above + first) * 4;
      const b = (above + second) * 4;
      const c = (below + first) * 4;
      const d = (below + second) * 4;
      const target = (y * to.width + x) * 4;
      for (let channel = 0; channel < 4; channel++) {
        to.data[target + channel] =
          ((source[a + channel] ?? 0) +
            (source[b + channel] ?? 0) +
            (source[c + channel] ?? 0) +
            (source[d + channel] ?? 0) +
            2) >>
          2;
      }
    }
  }
}
