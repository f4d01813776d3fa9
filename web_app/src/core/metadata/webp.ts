import type { Size } from "../geometry";
import { concat, dataView, fromLatin1, latin1, NO_METADATA, startsWith, type Metadata } from "./metadata";

/** Flags of the extended header (WebP container specification). */
const HAS_ICC = 0x20;
const HAS_ALPHA = 0x10;
const HAS_EXIF = 0x08;
const EXIF_PREFIX = "Exif\0\0";

interface RiffChunk {
  readonly type: string;
  readonly body: Uint8Array;
}

export function readWebp(bytes: Uint8Array): Metadata {
  let found = NO_METADATA;
  for (const { type, body } of riffChunks(bytes)) {
    if (type === "ICCP") found = { ...found, icc: body.slice() };
    // Some encoders write the prefix of JPEG's APP1 segment.
    if (type === "EXIF" && !found.exif) {
      found = { ...found, exif: body.slice(startsWith(body, EXIF_PREFIX) ? EXIF_PREFIX.length : 0) };
    }
  }
  return found;
}

/** Inserts metadata into a WebP encoded by a canvas; the format can't store the density. */
export function writeWebp(
  bytes: Uint8Array,
  { width, height }: Size,
  { exif, icc }: Metadata,
): Uint8Array<ArrayBuffer> {
  if (!exif && !icc) return Uint8Array.from(bytes);
  const imageChunks = [...riffChunks(bytes)].filter(({ type }) => !["VP8X", "ICCP", "EXIF"].includes(type));
  const extended = [...riffChunks(bytes)].find(({ type }) => type === "VP8X");
  const alpha = extended ? (extended.body[0] ?? 0) & HAS_ALPHA : alphaFlag(imageChunks);
  const header = new Uint8Array(10);
  header[0] = alpha | (icc ? HAS_ICC : 0) | (exif ? HAS_EXIF : 0);
  header.set(uint24(width - 1), 4);
  header.set(uint24(height - 1), 7);
  const body = concat(
    fromLatin1("WEBP"),
    riffChunk("VP8X", header),
    ...(icc ? [riffChunk("ICCP", icc)] : []),
    ...imageChunks.map((each) => riffChunk(each.type, each.body)),
    ...(exif ? [riffChunk("EXIF", exif)] : []),
  );
  return riffChunk("RIFF", body);
}

/** Reads the alpha flag of a lossless bitstream. */
function alphaFlag(imageChunks: readonly RiffChunk[]): number {
  const lossless = imageChunks.find(({ type }) => type === "VP8L");
  return lossless && (lossless.body[4] ?? 0) & 0x10 ? HAS_ALPHA : 0;
}

/** Yields the RIFF chunks of the file. */
export function* riffChunks(bytes: Uint8Array): Generator<RiffChunk> {
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = dataView(bytes).getUint32(at + 4, true);
    yield { type: latin1(bytes, at, 4), body: bytes.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length & 1);
  }
}

function riffChunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(8);
  head.set(fromLatin1(type));
  dataView(head).setUint32(4, body.length, true);
  // Chunks are padded to an even length.
  return concat(head, body, new Uint8Array(body.length & 1));
}

function uint24(value: number): Uint8Array {
  return Uint8Array.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff]);
}
