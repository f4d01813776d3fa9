import type { Size } from "./geometry";
import { segments, START_OF_SCAN } from "./metadata/jpeg";
import { latin, startsWith, viewOf } from "./metadata/metadata";
import { chunks } from "./metadata/png";
import { parts } from "./metadata/webp";

/** Values of the Exif tag `Orientation` (Exif 2.32, 4.6.4): the turn that shows stored pixels upright. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** A file whose stored pixels any browser decodes without a turn of its own, and the turn that it needs. */
export interface StoredPicture {
  readonly orientation: Orientation;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const EXIF = "Exif\0\0";
const APP1 = 0xe1;
const ORIENTATION = 0x0112;
const SHORT = 3;
const ENTRY = 12;

/** Formats that the server reads. */
type Format = "jpeg" | "png" | "webp" | "tiff" | "bmp" | "gif";

/** The format by signature; null for formats that the server doesn't read. */
export function formatOf(bytes: Uint8Array): Format | null {
  if (startsWith(bytes, "\xff\xd8\xff")) return "jpeg";
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return "png";
  if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return "webp";
  if (/^(II[*+]\0|MM\0[*+])/.test(latin(bytes, 0, 4))) return "tiff";
  if (startsWith(bytes, "BM")) return "bmp";
  return startsWith(bytes, "GIF8") ? "gif" : null;
}

/**
 * Returns a picture as the browser is to decode it, or null where only the server knows the orientation.
 *
 * Browsers differ from the server and from each other in unusual places and types of the orientation. Pictures are
 * therefore decoded here only if they have none, or one of the usual kind: a single SHORT in a single, intact Exif
 * block, which is set to 1 in the returned bytes. TIFFs are always left to the server.
 */
export function storedPicture(bytes: Uint8Array<ArrayBuffer>): StoredPicture | null {
  switch (formatOf(bytes)) {
    case "jpeg":
      return storedJpeg(bytes);
    case "png":
      return isUpright(pngBlocks(bytes)) ? { orientation: 1, bytes } : null;
    case "webp":
      return isUpright(webpBlocks(bytes)) ? { orientation: 1, bytes } : null;
    case "tiff":
      return null;
    case "bmp":
    case "gif":
    case null:
      return { orientation: 1, bytes };
  }
}

/** An Exif orientation: its value, and its place in the block. */
interface Entry {
  readonly value: Orientation;
  /** Where the SHORT lies; null in a block without an orientation. */
  readonly at: number | null;
  readonly little: boolean;
}

/** The first directory's orientation; null for a block that decoders may read differently. */
function orientationOf(exif: Uint8Array): Entry | null {
  const little = startsWith(exif, "II*\0");
  if (exif.length < 8 || (!little && !startsWith(exif, "MM\0*"))) return null;
  const view = viewOf(exif);
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return null;
  const count = view.getUint16(directory, little);
  if (directory + 2 + count * ENTRY > exif.length) return null;
  const entries = Array.from({ length: count }, (_, index) => directory + 2 + index * ENTRY).filter(
    (at) => view.getUint16(at, little) === ORIENTATION,
  );
  const [entry, ...more] = entries;
  if (entry === undefined) return { value: 1, at: null, little };
  const usual = view.getUint16(entry + 2, little) === SHORT && view.getUint32(entry + 4, little) === 1;
  if (more.length > 0 || !usual) return null;
  const value = view.getUint16(entry + 8, little);
  // The server takes values outside of the list for 1.
  return { value: value >= 1 && value <= 8 ? (value as Orientation) : 1, at: entry + 8, little };
}

function storedJpeg(bytes: Uint8Array<ArrayBuffer>): StoredPicture | null {
  const found = [...segments(bytes)];
  // Stray bytes between segments: the list is incomplete.
  if (found.at(-1)?.marker !== START_OF_SCAN) return null;
  const [block, ...more] = found.filter(({ marker, body }) => marker === APP1 && startsWith(body, "Exif\0"));
  if (!block) return { orientation: 1, bytes };
  const entry = startsWith(block.body, EXIF) ? orientationOf(block.body.subarray(EXIF.length)) : null;
  if (more.length > 0 || !entry) return null;
  if (entry.at === null) return { orientation: 1, bytes };
  const upright = bytes.slice();
  viewOf(upright).setUint16(block.at + EXIF.length + entry.at, 1, entry.little);
  return { orientation: entry.value, bytes: upright };
}

/** The places in a file that may hold an orientation. */
interface Blocks {
  readonly exif: readonly Uint8Array[];
  /** Whether text mentions an orientation, or is compressed and may. */
  readonly text: boolean;
}

function isUpright({ exif, text }: Blocks): boolean {
  if (text || exif.length > 1) return false;
  return exif.every((block) => orientationOf(block)?.value === 1);
}

/** XMP, and the Exif blocks that ImageMagick writes as text. */
const TEXT = /^(XML:com\.adobe\.xmp|Raw profile type (exif|APP1))\0/i;

function pngBlocks(bytes: Uint8Array): Blocks {
  const all = [...chunks(bytes)];
  const exif = all.filter(({ type }) => type === "eXIf").map(({ body }) => body);
  const text = all.some(({ type, body }) => {
    if (!["iTXt", "zTXt", "tEXt"].includes(type) || !TEXT.test(latin(body, 0, 40))) return false;
    // An uncompressed packet has two zeros behind the keyword's.
    const plain = type === "iTXt" && startsWith(body, "XML:com.adobe.xmp\0\0\0");
    return !plain || mentionsOrientation(body);
  });
  return { exif, text };
}

function webpBlocks(bytes: Uint8Array): Blocks {
  const all = [...parts(bytes)];
  const exif = all.filter(({ type }) => type === "EXIF").map(({ body }) => body);
  return {
    exif: exif.map((block) => (startsWith(block, EXIF) ? block.subarray(EXIF.length) : block)),
    text: all.some(({ type, body }) => type === "XMP " && mentionsOrientation(body)),
  };
}

function mentionsOrientation(packet: Uint8Array): boolean {
  return new TextDecoder().decode(packet).includes("Orientation");
}

/** The canvas transform that turns stored pixels of `width` x `height` upright: a, b, c, d, e, f of a matrix. */
export function uprightTransform(
  orientation: Orientation,
  { width, height }: Size,
): [number, number, number, number, number, number] {
  switch (orientation) {
    case 1:
      return [1, 0, 0, 1, 0, 0];
    case 2:
      return [-1, 0, 0, 1, width, 0];
    case 3:
      return [-1, 0, 0, -1, width, height];
    case 4:
      return [1, 0, 0, -1, 0, height];
    case 5:
      return [0, 1, 1, 0, 0, 0];
    case 6:
      return [0, 1, -1, 0, height, 0];
    case 7:
      return [0, -1, -1, 0, height, width];
    case 8:
      return [0, -1, 1, 0, 0, width];
  }
}

/** The size of a stored picture once it stands upright. */
export function uprightSize(orientation: Orientation, { width, height }: Size): Size {
  return orientation < 5 ? { width, height } : { width: height, height: width };
}
