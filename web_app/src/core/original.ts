import { boxFromEdges, fullBox, intersection } from "./box";
import type { EarlierBlock } from "./changes";
import { copyBox } from "./delta";
import type { Box } from "./geometry";
import { halved, levelSize, type Pixels, type Pyramid } from "./pyramid";

/**
 * Side of a copied block in pixels. A power of two, so that block edges coincide with pixel edges at coarser
 * levels.
 */
const BLOCK_SIDE = 256;

/** The image as opened; copies only the blocks that changed since (copy on write). */
export class Original {
  private readonly copies = new Map<number, Pixels>();

  constructor(private readonly levels: Pyramid) {}

  /** Copies the blocks of a rectangle; has to be called before the image changes there. */
  preserve(box: Box): void {
    const [base] = this.levels;
    if (!base) return;
    for (const [key, block] of this.blocks(box)) {
      if (this.copies.has(key)) continue;
      const data = new Uint8ClampedArray(copyBox({ ...base, channels: 4 }, block).buffer);
      this.copies.set(key, { width: block.width, height: block.height, data });
    }
  }

  /** Yields the copied blocks: all that may differ from the image as opened. */
  *copied(): Generator<EarlierBlock> {
    const [base] = this.levels;
    if (!base) return;
    for (const [key, box] of this.blocks(fullBox(base))) {
      const pixels = this.copies.get(key);
      if (pixels) yield { box, pixels };
    }
  }

  /**
   * Overwrites a tile of the current image with the copied blocks. `box` is the tile's rectangle at
   * `level`.
   */
  restore(tile: Pixels, level: number, box: Box): void {
    const factor = 2 ** level;
    const region = {
      x: box.x * factor,
      y: box.y * factor,
      width: box.width * factor,
      height: box.height * factor,
    };
    for (const [key, block] of this.blocks(region)) {
      let pixels = this.copies.get(key);
      if (!pixels) continue;
      for (let step = 0; step < level; step++) pixels = halved(pixels);
      const at = { x: block.x / factor, y: block.y / factor, ...levelSize(block, level) };
      overlay(tile, box, pixels, at);
    }
  }

  /** Yields the blocks that a rectangle intersects, with their keys. */
  private *blocks(box: Box): Generator<[number, Box]> {
    const [base] = this.levels;
    if (!base) return;
    const columns = Math.ceil(base.width / BLOCK_SIDE);
    for (
      let y = Math.floor(box.y / BLOCK_SIDE);
      y * BLOCK_SIDE < Math.min(box.y + box.height, base.height);
      y++
    ) {
      for (
        let x = Math.floor(box.x / BLOCK_SIDE);
        x * BLOCK_SIDE < Math.min(box.x + box.width, base.width);
        x++
      ) {
        const block = boxFromEdges(
          x * BLOCK_SIDE,
          y * BLOCK_SIDE,
          Math.min((x + 1) * BLOCK_SIDE, base.width),
          Math.min((y + 1) * BLOCK_SIDE, base.height),
        );
        if (block) yield [y * columns + x, block];
      }
    }
  }
}

/** Copies the intersection of two rectangles of the same level from `source` to `target`. */
function overlay(target: Pixels, targetBox: Box, source: Pixels, sourceBox: Box): void {
  const shared = intersection(targetBox, sourceBox);
  if (!shared) return;
  for (let y = shared.y; y < shared.y + shared.height; y++) {
    const from = ((y - sourceBox.y) * source.width + shared.x - sourceBox.x) * 4;
    const to = ((y - targetBox.y) * target.width + shared.x - targetBox.x) * 4;
    target.data.set(source.data.subarray(from, from + shared.width * 4), to);
  }
}
