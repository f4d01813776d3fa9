import type { FilledLayer } from "../blend";
import type { ImageDocument } from "../document";
import type { Box } from "../geometry";
import { crop } from "../mask";

/** Returns the layer of a server that fills the mask within `box` with one value and doesn't grow it. */
export function filledLayer(document: ImageDocument, box: Box, value: number): FilledLayer {
  const rgba = new Uint8ClampedArray(box.width * box.height * 4).fill(value);
  const { data } = crop(document.mask, box);
  data.forEach((painted, index) => (rgba[index * 4 + 3] = painted > 0 ? 255 : 0));
  return { box, rgba, softEdges: true };
}
