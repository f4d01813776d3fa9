import type { Box } from "./geometry";
import { FULL_COVERAGE, type Mask } from "./mask";
import type { Pixels } from "./pyramid";

/** A filled rectangle of an image. */
export interface FilledLayer {
  readonly box: Box;
  /** RGBA of the size of `box`; alpha is the final mask: the painted one, grown by the server. */
  readonly rgba: Uint8ClampedArray;
  /** Keeps the soft edges of the painted mask; for masks that weren't grown. */
  readonly softEdges: boolean;
}

/**
 * Blends a filled layer into an image in place: `out = old + (fill - old) * coverage / 255` for R, G and B;
 * alpha is unchanged. The coverage is the layer's alpha, times the painted mask's value inside of it where
 * soft edges are kept.
 */
export function blendFill(image: Pixels, mask: Mask, { box, rgba, softEdges }: FilledLayer): void {
  for (let row = 0; row < box.height; row++) {
    const from = (box.y + row) * image.width + box.x;
    for (let column = 0; column < box.width; column++) {
      const [target, source] = [(from + column) * 4, (row * box.width + column) * 4];
      const alpha = rgba[source + 3] ?? 0;
      if (alpha === 0) continue;
      const painted = mask.data[from + column] ?? 0;
      const coverage = softEdges && painted > 0 ? (alpha * painted) / FULL_COVERAGE : alpha;
      for (let channel = 0; channel < 3; channel++) {
        const [old, filled] = [image.data[target + channel] ?? 0, rgba[source + channel] ?? 0];
        image.data[target + channel] = Math.round(old + ((filled - old) * coverage) / FULL_COVERAGE);
      }
    }
  }
}
