import {
  CENTIMETRES_IN_INCH,
  fromLatin,
  joined,
  NO_METADATA,
  startsWith,
  viewOf,
  type Density,
  type Metadata,
} from "./metadata";

/** Markers and signatures of JFIF, Exif and ICC.1, annex B. */
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
export const START_OF_SCAN = 0xda;
const JFIF = "JFIF\0";
const EXIF = "Exif\0\0";
const ICC = "ICC_PROFILE\0";
const LARGEST_ICC_PART = 0xffff - 2 - ICC.length - 2;

interface Segment {
  readonly marker: number;
  /** Where its body begins, after marker and length. */
  readonly at: number;
  readonly body: Uint8Array;
}

export function readJpeg(bytes: Uint8Array): Metadata {
  let found = NO_METADATA;
  const profile: Uint8Array[] = [];
  for (const { marker, body } of segments(bytes)) {
    if (marker === APP0 && startsWith(body, JFIF)) found = { ...found, density: densityOf(body) };
    // Of several blocks the first one counts, as for the server.
    if (marker === APP1 && startsWith(body, EXIF) && !found.exif)
      found = { ...found, exif: body.slice(EXIF.length) };
    // Parts are numbered from 1.
    if (marker === APP2 && startsWith(body, ICC)) profile[(body[12] ?? 1) - 1] = body.subarray(14);
  }
  return profile.length > 0 ? { ...found, icc: joined(...profile.filter(Boolean)) } : found;
}

/** A JPEG as a canvas writes it, with metadata. */
export function writeJpeg(bytes: Uint8Array, { exif, icc, density }: Metadata): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(bytes);
  let after = 2;
  for (const { marker, at, body } of segments(out)) {
    if (marker !== APP0 || !startsWith(body, JFIF)) continue;
    after = at + body.length;
    if (!density) continue;
    body[7] = 1; // dots per inch
    viewOf(body).setUint16(8, Math.round(density.x));
    viewOf(body).setUint16(10, Math.round(density.y));
  }
  const added: Uint8Array[] = [];
  if (exif && exif.length + EXIF.length + 2 <= 0xffff) added.push(segment(APP1, fromLatin(EXIF), exif));
  if (icc) added.push(...profileSegments(icc));
  return joined(out.subarray(0, after), ...added, out.subarray(after));
}

function profileSegments(icc: Uint8Array): Uint8Array[] {
  const parts = Math.ceil(icc.length / LARGEST_ICC_PART);
  return Array.from({ length: parts }, (_, index) =>
    segment(
      APP2,
      fromLatin(ICC),
      Uint8Array.from([index + 1, parts]),
      icc.subarray(index * LARGEST_ICC_PART, (index + 1) * LARGEST_ICC_PART),
    ),
  );
}

function segment(marker: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(...parts);
  const length = body.length + 2;
  return joined(Uint8Array.from([0xff, marker, length >> 8, length & 0xff]), body);
}

function densityOf(body: Uint8Array): Density | null {
  if (body.length < 12) return null;
  const [x, y] = [viewOf(body).getUint16(8), viewOf(body).getUint16(10)];
  if (x === 0 || y === 0) return null;
  if (body[7] === 1) return { x, y };
  return body[7] === 2 ? { x: x * CENTIMETRES_IN_INCH, y: y * CENTIMETRES_IN_INCH } : null;
}

/** The segments before the picture's data. The last one is `START_OF_SCAN`, without its body, if all were found. */
export function* segments(bytes: Uint8Array): Generator<Segment> {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) {
      yield { marker, at: at + 4, body: bytes.subarray(at + 4, at + 4) };
      return;
    }
    // A marker may be preceded by any number of fill bytes.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = viewOf(bytes).getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return;
    yield { marker, at: at + 4, body: bytes.subarray(at + 4, at + 2 + length) };
    at += 2 + length;
  }
}
