import type { Box } from "./geometry";
import type { Mask } from "./mask";
import type { Pixels } from "./pyramid";

/**
 * Blends a filled rectangle into an image in place: `out = old + (fill - old) * mask / 255` for R, G and B;
 * alpha is unchanged. `fill` is RGBA of the size of `box`.
 */
export function blendFill(image: Pixels, mask: Mask, fill: Uint8ClampedArray, box: Box): void {
  for (let row = 0; row < box.height; row++) {
    const from = (box.y + row) * image.width + box.x;
    for (let column = 0; column < box.width; column++) {
      const coverage = mask.data[from + column] ?? 0;
      if (coverage === 0) continue;
      const [target, source] = [(from + column) * 4, (row * box.width + column) * 4];
      for (let channel = 0; channel < 3; channel++) {
        const [old, filled] = [image.data[target + channel] ?? 0, fill[source + channel] ?? 0];
        image.data[target + channel] = Math.round(old + ((filled - old) * coverage) / 255);
      }
    }
  }
}
