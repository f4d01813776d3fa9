import type { Size } from "../geometry";
import { fromLatin, joined, latin, NO_METADATA, startsWith, viewOf, type Metadata } from "./metadata";

/** Flags of the extended header (WebP container specification). */
const HAS_ICC = 0x20;
const HAS_ALPHA = 0x10;
const HAS_EXIF = 0x08;
const EXIF_PREFIX = "Exif\0\0";

interface Part {
  readonly type: string;
  readonly body: Uint8Array;
}

export function readWebp(bytes: Uint8Array): Metadata {
  let found = NO_METADATA;
  for (const { type, body } of parts(bytes)) {
    if (type === "ICCP") found = { ...found, icc: body.slice() };
    // Some programs write the prefix that belongs into JPEGs.
    if (type === "EXIF" && !found.exif) {
      found = { ...found, exif: body.slice(startsWith(body, EXIF_PREFIX) ? EXIF_PREFIX.length : 0) };
    }
  }
  return found;
}

/** A WebP as a canvas writes it, with metadata; it has no place for a density of its own. */
export function writeWebp(
  bytes: Uint8Array,
  { width, height }: Size,
  { exif, icc }: Metadata,
): Uint8Array<ArrayBuffer> {
  if (!exif && !icc) return Uint8Array.from(bytes);
  const own = [...parts(bytes)].filter(({ type }) => !["VP8X", "ICCP", "EXIF"].includes(type));
  const extended = [...parts(bytes)].find(({ type }) => type === "VP8X");
  const alpha = extended ? (extended.body[0] ?? 0) & HAS_ALPHA : alphaOf(own);
  const header = new Uint8Array(10);
  header[0] = alpha | (icc ? HAS_ICC : 0) | (exif ? HAS_EXIF : 0);
  header.set(uint24(width - 1), 4);
  header.set(uint24(height - 1), 7);
  const body = joined(
    fromLatin("WEBP"),
    part("VP8X", header),
    ...(icc ? [part("ICCP", icc)] : []),
    ...own.map((each) => part(each.type, each.body)),
    ...(exif ? [part("EXIF", exif)] : []),
  );
  return part("RIFF", body);
}

/** A lossless picture says itself whether it has opacity. */
function alphaOf(own: readonly Part[]): number {
  const lossless = own.find(({ type }) => type === "VP8L");
  return lossless && (lossless.body[4] ?? 0) & 0x10 ? HAS_ALPHA : 0;
}

/** The chunks of the file. */
export function* parts(bytes: Uint8Array): Generator<Part> {
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = viewOf(bytes).getUint32(at + 4, true);
    yield { type: latin(bytes, at, 4), body: bytes.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length & 1);
  }
}

function part(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(8);
  head.set(fromLatin(type));
  viewOf(head).setUint32(4, body.length, true);
  // Parts begin at even places.
  return joined(head, body, new Uint8Array(body.length & 1));
}

function uint24(value: number): Uint8Array {
  return Uint8Array.from([value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff]);
}
