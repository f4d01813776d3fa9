import { expose } from "comlink";
import { encodePng } from "../core/png";
import { decodeTiff, isTiff } from "../core/tiff";
import { fitMask, type Pixels } from "./masks";
import { zip } from "./zip";

/** A mask's file; the same `id` is the same file, which a copy of a blob can't tell. */
export interface BatchMask {
  readonly id: number;
  readonly name: string;
  readonly blob: Blob;
}

let last: { readonly id: number; readonly pixels: Pixels } | null = null;

/** What takes long in a batch, off the page's thread. */
const batchWorker = {
  /** The mask for this photo, in its size. Photos that the browser can't read get the mask as it is. */
  async maskFor(mask: BatchMask, photo: Blob): Promise<Blob> {
    const size = await sizeOf(photo);
    if (!size) return mask.blob;
    const pixels = await readMask(mask);
    if (pixels.width === size.width && pixels.height === size.height) return mask.blob;
    return encodePng({ ...size, channels: 1, data: fitMask(pixels, size) });
  },
  zip,
};

export type BatchWorker = typeof batchWorker;

async function sizeOf(photo: Blob): Promise<{ width: number; height: number } | null> {
  try {
    const bytes = new Uint8Array(await photo.slice(0, 4).arrayBuffer());
    if (isTiff(bytes)) return (await decodeTiff(new Uint8Array(await photo.arrayBuffer()))).pixels;
    const bitmap = await createImageBitmap(photo);
    const { width, height } = bitmap;
    bitmap.close();
    return { width, height };
  } catch {
    return null;
  }
}

/** Most batches have one mask, which is read once. */
async function readMask({ id, blob }: BatchMask): Promise<Pixels> {
  if (last?.id === id) return last.pixels;
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("this browser gives no canvas");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  last = { id, pixels };
  return pixels;
}

expose(batchWorker);
