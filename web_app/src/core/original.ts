import { boxOf, intersection } from "./box";
import { copyBox } from "./delta";
import type { Box } from "./geometry";
import { halved, levelSize, type Pixels, type Pyramid } from "./pyramid";

/** Side of the squares that are kept, in pixels; a power of two, so that they end where pixels of smaller levels do. */
const BLOCK = 256;

/** The picture as it was opened, of which only those squares are kept that changed since. */
export class Original {
  private readonly kept = new Map<number, Pixels>();

  constructor(private readonly levels: Pyramid) {}

  /** To be called before a rectangle of the picture changes. */
  keep(box: Box): void {
    const [base] = this.levels;
    if (!base) return;
    for (const [key, block] of this.blocks(box)) {
      if (this.kept.has(key)) continue;
      const data = new Uint8ClampedArray(copyBox({ ...base, channels: 4 }, block).buffer);
      this.kept.set(key, { width: block.width, height: block.height, data });
    }
  }

  /** Puts what is kept over a tile of the picture, which then shows it as it was. `box` is the tile's on its level. */
  restore(tile: Pixels, level: number, box: Box): void {
    const share = 2 ** level;
    const region = {
      x: box.x * share,
      y: box.y * share,
      width: box.width * share,
      height: box.height * share,
    };
    for (const [key, block] of this.blocks(region)) {
      let pixels = this.kept.get(key);
      if (!pixels) continue;
      for (let step = 0; step < level; step++) pixels = halved(pixels);
      const at = { x: block.x / share, y: block.y / share, ...levelSize(block, level) };
      overlay(tile, box, pixels, at);
    }
  }

  /** The squares that a rectangle touches. */
  private *blocks(box: Box): Generator<[number, Box]> {
    const [base] = this.levels;
    if (!base) return;
    const columns = Math.ceil(base.width / BLOCK);
    for (let y = Math.floor(box.y / BLOCK); y * BLOCK < Math.min(box.y + box.height, base.height); y++) {
      for (let x = Math.floor(box.x / BLOCK); x * BLOCK < Math.min(box.x + box.width, base.width); x++) {
        const block = boxOf(
          x * BLOCK,
          y * BLOCK,
          Math.min((x + 1) * BLOCK, base.width),
          Math.min((y + 1) * BLOCK, base.height),
        );
        if (block) yield [y * columns + x, block];
      }
    }
  }
}

/** Copies what two pieces of the same level share from one to the other. */
function overlay(target: Pixels, targetBox: Box, source: Pixels, sourceBox: Box): void {
  const shared = intersection(targetBox, sourceBox);
  if (!shared) return;
  for (let y = shared.y; y < shared.y + shared.height; y++) {
    const from = ((y - sourceBox.y) * source.width + shared.x - sourceBox.x) * 4;
    const to = ((y - targetBox.y) * target.width + shared.x - targetBox.x) * 4;
    target.data.set(source.data.subarray(from, from + shared.width * 4), to);
  }
}
