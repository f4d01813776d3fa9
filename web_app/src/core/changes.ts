import { boxFromEdges, union } from "./box";
import type { Box } from "./geometry";
import type { Pixels } from "./pyramid";

/** The pixels in which an image differs from an earlier state. */
export interface Changes {
  /** Bounding box of the changed pixels. */
  readonly box: Box;
  /** The current colours in the box. Alpha is 255 for changed pixels; unchanged pixels are 0 throughout. */
  readonly pixels: Pixels;
}

/** A rectangle of an image and its earlier pixels. */
export interface EarlierBlock {
  readonly box: Box;
  readonly pixels: Pixels;
}

/** Compares an image with the earlier pixels of some of its blocks; null if no pixel differs. */
export function changesSince(current: Pixels, earlier: Iterable<EarlierBlock>): Changes | null {
  const blocks: EarlierBlock[] = [];
  let box: Box | null = null;
  for (const block of earlier) {
    let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
    forEachChange(current, block, (_, x, y) => {
      [left, top] = [Math.min(left, x), Math.min(top, y)];
      [right, bottom] = [Math.max(right, x + 1), Math.max(bottom, y + 1)];
    });
    const changed = boxFromEdges(left, top, right, bottom);
    if (!changed) continue;
    box = union(box, changed);
    blocks.push(block);
  }
  if (!box) return null;
  const { x: originX, y: originY, width, height } = box;
  const pixels = { width, height, data: new Uint8ClampedArray(width * height * 4) };
  const target = words(pixels);
  for (const block of blocks)
    forEachChange(current, block, (word, x, y) => {
      target[(y - originY) * width + x - originX] = word;
    });
  for (let at = 3; at < pixels.data.length; at += 4) if (pixels.data[at]) pixels.data[at] = 255;
  return { box, pixels };
}

/** Calls `visit` with the RGBA word and the position of each pixel that differs from an earlier block. */
function forEachChange(
  current: Pixels,
  { box, pixels }: EarlierBlock,
  visit: (word: number, x: number, y: number) => void,
): void {
  const [now, before] = [words(current), words(pixels)];
  for (let row = 0; row < box.height; row++) {
    const y = box.y + row;
    for (let column = 0; column < box.width; column++) {
      const word = now[y * current.width + box.x + column] ?? 0;
      if (word !== before[row * box.width + column]) visit(word, box.x + column, y);
    }
  }
}

/** Returns the pixels as 32-bit words, in the machine's byte order. */
function words({ data }: Pixels): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}
