import type { Size } from "../../core/geometry";
import type { Pixels } from "../../core/pyramid";
import type * as codec from "../document/codec";

/**
 * Replaces `document/codec` in tests, since Node.js has no canvas: files contain a reference to pixels in
 * memory, made by {@link imageFile}, and thumbnails are empty.
 */

const images = new Map<string, Pixels>();

/** Returns a file that "decodes" to the given pixels. */
export function imageFile(name: string, pixels: Pixels, type = "image/png"): File {
  const content = `image ${images.size}`;
  images.set(content, pixels);
  return new File([content], name, { type });
}

/** Returns pixels of one RGBA value. */
export function solid({ width, height }: Size, rgba: readonly number[]): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set(rgba, at);
  return { width, height, data };
}

class FakeBitmap implements ImageBitmap {
  readonly width: number;
  readonly height: number;

  constructor(readonly pixels: Pixels) {
    this.width = pixels.width;
    this.height = pixels.height;
  }

  close(): void {
    // There is no memory to release.
  }
}

async function pixelsIn(file: Blob): Promise<Pixels> {
  const pixels = images.get(await file.text());
  if (!pixels) throw new Error("unknown image format");
  return { ...pixels, data: pixels.data.slice() };
}

export const decode: typeof codec.decode = async (file) => ({
  pixels: await pixelsIn(file),
  metadata: { exif: null, icc: null, density: null },
  jpeg: file.type === "image/jpeg" ? file : null,
});

export const decodePatch: typeof codec.decodePatch = async (png) => new FakeBitmap(await pixelsIn(png));

export const pixelsOf: typeof codec.pixelsOf = (bitmap) => {
  if (!(bitmap instanceof FakeBitmap)) throw new TypeError("not a bitmap of the tests");
  return bitmap.pixels;
};

export const toBitmap: typeof codec.toBitmap = (pixels) => Promise.resolve(new FakeBitmap(pixels));

export const encodeLossy: typeof codec.encodeLossy = (_, type) =>
  Promise.resolve(new Blob(["lossy"], { type }));

/**
 * Returns a context that draws bitmaps of the canvas's own size, which is all that reading a mask requires.
 */
export const createCanvas: typeof codec.createCanvas = (size) => {
  let drawn = solid(size, [0, 0, 0, 0]);
  const context = {
    canvas: { ...size, convertToBlob: () => Promise.resolve(new Blob([], { type: "image/webp" })) },
    drawImage: (bitmap: FakeBitmap) => {
      drawn = bitmap.pixels;
    },
    getImageData: () => drawn,
  };
  return context as unknown as OffscreenCanvasRenderingContext2D;
};
