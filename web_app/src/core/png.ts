/**
 * Encodes 8-bit PNGs (PNG specification, third edition).
 *
 * Not by a canvas: canvases premultiply colours by alpha, which is lossy, and write masks with four bytes per
 * pixel.
 */
import type { Size } from "./geometry";

/** Interleaved samples, row by row: 1 channel is grey, 3 are RGB, 4 are RGBA. */
export interface Samples extends Size {
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** An ancillary chunk, such as a colour profile. */
export interface Chunk {
  readonly type: string;
  readonly body: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const COLOUR_TYPES = { 1: 0, 3: 2, 4: 6 } as const;
/** Rows that are filtered and compressed together. */
const BAND_ROWS = 64;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** Encodes a PNG; `extra` chunks precede the image data, as required of those about colour and size. */
export async function encodePng(samples: Samples, extra: readonly Chunk[] = []): Promise<Blob> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, samples.width);
  header.setUint32(4, samples.height);
  header.setUint8(8, 8); // bit depth
  header.setUint8(9, COLOUR_TYPES[samples.channels]);
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", new Uint8Array(header.buffer)),
    ...extra.map(({ type, body }) => chunk(type, body)),
    chunk("IDAT", await deflate(filteredBands(samples))),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

/** Returns RGBA pixels as RGB. */
export function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}

/** Yields rows, each preceded by its filter type: 0 (None) for masks, 4 (Paeth) for images. */
function* filteredBands({ width, height, channels, data }: Samples): Generator<Uint8Array<ArrayBuffer>> {
  const length = width * channels;
  for (let top = 0; top < height; top += BAND_ROWS) {
    const rows = Math.min(BAND_ROWS, height - top);
    const band = new Uint8Array((length + 1) * rows);
    for (let row = 0; row < rows; row++) {
      const from = (top + row) * length;
      const to = row * (length + 1);
      if (channels === 1) {
        band.set(data.subarray(from, from + length), to + 1);
        continue;
      }
      band[to] = 4;
      for (let index = 0; index < length; index++) {
        const left = index >= channels ? (data[from + index - channels] ?? 0) : 0;
        const above = from > 0 ? (data[from + index - length] ?? 0) : 0;
        const upperLeft = index >= channels && from > 0 ? (data[from + index - length - channels] ?? 0) : 0;
        band[to + 1 + index] = (data[from + index] ?? 0) - paeth(left, above, upperLeft);
      }
    }
    yield band;
  }
}

function paeth(left: number, above: number, upperLeft: number): number {
  const estimate = left + above - upperLeft;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - above), Math.abs(estimate - upperLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : upperLeft;
}

/** Compresses a sequence of byte arrays as one zlib stream (RFC 1950). */
export async function deflate(bands: Iterable<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const iterator = bands[Symbol.iterator]();
  const source = new ReadableStream<BufferSource>({
    pull: (controller) => {
      const next = iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
  // "deflate" is the zlib format of RFC 1950, as required by PNG.
  const compressed = source.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(body, 8);
  view.setUint32(body.length + 8, crc32(bytes.subarray(4, body.length + 8)));
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
