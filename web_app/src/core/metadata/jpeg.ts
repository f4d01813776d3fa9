import {
  CENTIMETRES_IN_INCH,
  concat,
  dataView,
  fromLatin1,
  NO_METADATA,
  startsWith,
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
const MAX_ICC_CHUNK_BYTES = 0xffff - 2 - ICC.length - 2;

interface Segment {
  readonly marker: number;
  /** Offset of the body, after marker and length. */
  readonly at: number;
  readonly body: Uint8Array;
}

export function readJpeg(bytes: Uint8Array): Metadata {
  let found = NO_METADATA;
  const profile: Uint8Array[] = [];
  for (const { marker, body } of segments(bytes)) {
    if (marker === APP0 && startsWith(body, JFIF)) found = { ...found, density: readDensity(body) };
    // The first Exif block wins, as on the server.
    if (marker === APP1 && startsWith(body, EXIF) && !found.exif)
      found = { ...found, exif: body.slice(EXIF.length) };
    // Chunk numbers start at 1.
    if (marker === APP2 && startsWith(body, ICC)) profile[(body[12] ?? 1) - 1] = body.subarray(14);
  }
  return profile.length > 0 ? { ...found, icc: concat(...profile.filter(Boolean)) } : found;
}

/** Inserts metadata into a JPEG encoded by a canvas. */
export function writeJpeg(bytes: Uint8Array, { exif, icc, density }: Metadata): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(bytes);
  let after = 2;
  for (const { marker, at, body } of segments(out)) {
    if (marker !== APP0 || !startsWith(body, JFIF)) continue;
    after = at + body.length;
    if (!density) continue;
    body[7] = 1; // dots per inch
    dataView(body).setUint16(8, Math.round(density.x));
    dataView(body).setUint16(10, Math.round(density.y));
  }
  const added: Uint8Array[] = [];
  if (exif && exif.length + EXIF.length + 2 <= 0xffff) added.push(segment(APP1, fromLatin1(EXIF), exif));
  if (icc) added.push(...profileSegments(icc));
  return concat(out.subarray(0, after), ...added, out.subarray(after));
}

function profileSegments(icc: Uint8Array): Uint8Array[] {
  const count = Math.ceil(icc.length / MAX_ICC_CHUNK_BYTES);
  return Array.from({ length: count }, (_, index) =>
    segment(
      APP2,
      fromLatin1(ICC),
      Uint8Array.from([index + 1, count]),
      icc.subarray(index * MAX_ICC_CHUNK_BYTES, (index + 1) * MAX_ICC_CHUNK_BYTES),
    ),
  );
}

function segment(marker: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  const length = body.length + 2;
  return concat(Uint8Array.from([0xff, marker, length >> 8, length & 0xff]), body);
}

function readDensity(body: Uint8Array): Density | null {
  if (body.length < 12) return null;
  const [x, y] = [dataView(body).getUint16(8), dataView(body).getUint16(10)];
  if (x === 0 || y === 0) return null;
  if (body[7] === 1) return { x, y };
  return body[7] === 2 ? { x: x * CENTIMETRES_IN_INCH, y: y * CENTIMETRES_IN_INCH } : null;
}

/**
 * Yields the segments before the entropy-coded data. The last one is `START_OF_SCAN`, with an empty body,
 * unless the file is damaged.
 */
export function* segments(bytes: Uint8Array): Generator<Segment> {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (marker === START_OF_SCAN) {
      yield { marker, at: at + 4, body: bytes.subarray(at + 4, at + 4) };
      return;
    }
    // Any number of fill bytes may precede a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    const length = dataView(bytes).getUint16(at + 2);
    if (length < 2 || at + 2 + length > bytes.length) return;
    yield { marker, at: at + 4, body: bytes.subarray(at + 4, at + 2 + length) };
    at += 2 + length;
  }
}
