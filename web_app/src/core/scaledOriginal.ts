import { boxFromEdges } from "./box";
import { clamp, type Box, type Size } from "./geometry";
import { levelSize, topLevel, type Pixels } from "./pyramid";

/** An image as opened, of which rectangles can be read. */
export interface OriginalSource {
  readonly size: Size;
  /** Returns a copy of a rectangle at a pyramid level. */
  originalPart(level: number, box: Box): Pixels;
}

/** The image as opened, shown at the size that the image has since a change of its size. */
export class ScaledOriginal {
  constructor(
    private readonly source: OriginalSource,
    private readonly size: Size,
  ) {}

  /** Has no effect: the source isn't edited while the scaled image is. */
  preserve(): void {
    // The source keeps its own copies.
  }

  /** Overwrites a tile with the nearest pixels of the source. `box` is the tile's rectangle at `level`. */
  restore(tile: Pixels, level: number, box: Box): void {
    const { size } = this.source;
    const halvings = Math.round(Math.log2(this.size.width / size.width));
    const sourceLevel = clamp(level - halvings, 0, topLevel(size));
    const [from, to] = [levelSize(size, sourceLevel), levelSize(this.size, level)];
    const columns = nearest(box.x, box.width, from.width / to.width, from.width);
    const rows = nearest(box.y, box.height, from.height / to.height, from.height);
    const [left = 0, top = 0] = [columns[0], rows[0]];
    const area = boxFromEdges(left, top, (columns.at(-1) ?? left) + 1, (rows.at(-1) ?? top) + 1);
    if (!area) return;
    const part = this.source.originalPart(sourceLevel, area);
    const pixels = new Uint32Array(part.data.buffer);
    const target = new Uint32Array(tile.data.buffer);
    rows.forEach((row, y) => {
      columns.forEach((column, x) => {
        target[y * box.width + x] = pixels[(row - top) * part.width + column - left] ?? 0;
      });
    });
  }
}

/** Returns the nearest positions, below `end`, to the pixel centres of an interval scaled by `ratio`. */
function nearest(start: number, length: number, ratio: number, end: number): number[] {
  return Array.from({ length }, (_, at) => Math.min(Math.floor((start + at + 0.5) * ratio), end - 1));
}
