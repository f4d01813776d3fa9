import type { Page } from "@playwright/test";
import { withMetadata } from "../src/core/metadata";
import { uprightSize, uprightTransform, type Orientation } from "../src/core/orientation";
import { encodePng } from "../src/core/png";
import { tiff } from "./tiff";

/**
 * A file format with its place for the orientation tag; `png-behind` has the eXIf chunk after the image data.
 */
export type Kind = "jpeg" | "png" | "png-behind" | "webp" | "tiff";

/** An upright image, as a function from pixel to RGB colour. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly colour: (x: number, y: number) => readonly [number, number, number];
}

export interface TestFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Encodes a drawing so that a viewer that applies the orientation displays it upright. */
export async function orientedFile(
  page: Page,
  kind: Kind,
  orientation: Orientation,
  drawing: Drawing,
): Promise<TestFile> {
  const stored = storedPixels(orientation, drawing);
  const extension = { jpeg: "jpg", png: "png", "png-behind": "png", webp: "webp", tiff: "tif" }[kind];
  const file = { name: `${kind}-${orientation}.${extension}`, mimeType: "" };
  const exif = exifWithOrientation(orientation);
  switch (kind) {
    case "jpeg": {
      const bytes = await encodeInBrowser(page, stored, "image/jpeg");
      const body = Buffer.concat([Buffer.from("Exif\0\0"), exif]);
      const head = Buffer.from([0xff, 0xe1, 0, body.length + 2]);
      return { ...file, buffer: Buffer.concat([bytes.subarray(0, 2), head, body, bytes.subarray(2)]) };
    }
    case "webp": {
      const bytes = await encodeInBrowser(page, stored, "image/webp");
      const metadata = { exif, icc: null, density: null };
      return { ...file, buffer: Buffer.from(withMetadata(bytes, stored, metadata)) };
    }
    case "tiff":
      return { ...file, buffer: tiff({ ...stored, bits: 8, samples: [...stored.data], orientation }) };
    case "png":
    case "png-behind": {
      const blob = await encodePng({ ...stored, channels: 3 }, [{ type: "eXIf", body: exif }]);
      const bytes = Buffer.from(await blob.arrayBuffer());
      if (kind === "png") return { ...file, buffer: bytes };
      const [start, end] = [8 + 25, bytes.length - 12];
      const chunkEnd = start + 12 + exif.length;
      const parts = [
        [0, start] as const,
        [chunkEnd, end] as const,
        [start, chunkEnd] as const,
        [end] as const,
      ];
      return { ...file, buffer: Buffer.concat(parts.map(([from, to]) => bytes.subarray(from, to))) };
    }
  }
}

interface Stored {
  readonly width: number;
  readonly height: number;
  /** RGB samples, row by row. */
  readonly data: Uint8Array;
}

function storedPixels(orientation: Orientation, drawing: Drawing): Stored {
  // Swapping the sides is its own inverse.
  const { width, height } = uprightSize(orientation, drawing);
  const [a, b, c, d, e, f] = uprightTransform(orientation, { width, height });
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x + 0.5, y + 0.5];
      data.set(drawing.colour(a * u + c * v + e - 0.5, b * u + d * v + f - 0.5), (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

/** Returns a big-endian EXIF directory with the orientation tag (SHORT). */
function exifWithOrientation(orientation: Orientation): Buffer {
  return Buffer.from(
    `4d4d002a00000008000101120003000000010${orientation.toString(16).padStart(3, "0")}000000000000`,
    "hex",
  );
}

async function encodeInBrowser(page: Page, { width, height, data }: Stored, type: string): Promise<Buffer> {
  const bytes = await page.evaluate(
    async ({ width, height, data, type }) => {
      const context = new OffscreenCanvas(width, height).getContext("2d");
      if (!context) throw new Error("no context");
      const image = new ImageData(width, height);
      for (let pixel = 0; pixel < width * height; pixel++)
        image.data.set([...data.slice(pixel * 3, pixel * 3 + 3), 255], pixel * 4);
      context.putImageData(image, 0, 0);
      const blob = await context.canvas.convertToBlob({ type, quality: 1 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    { width, height, data: [...data], type },
  );
  return Buffer.from(bytes);
}
