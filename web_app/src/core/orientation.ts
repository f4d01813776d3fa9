import type { Size } from "./geometry";
import { segments, START_OF_SCAN } from "./metadata/jpeg";
import { dataView, latin1, startsWith } from "./metadata/metadata";
import { chunks } from "./metadata/png";
import { riffChunks } from "./metadata/webp";

/**
 * Values of the Exif tag `Orientation` (Exif 2.32, 4.6.4): the rotation or reflection that shows stored
 * pixels upright.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** File contents that every browser decodes without applying an orientation, and the orientation to apply. */
export interface StoredImage {
  readonly orientation: Orientation;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const EXIF = "Exif\0\0";
const APP1 = 0xe1;
const APP2 = 0xe2;
/** SOF0 to SOF2: the frame headers of decodable JPEGs. */
const FRAME_MARKERS = [0xc0, 0xc1, 0xc2];
const ORIENTATION = 0x0112;
const TYPE_SHORT = 3;
const ENTRY_BYTES = 12;

/** Formats that the server decodes. */
type Format = "jpeg" | "png" | "webp" | "tiff" | "bmp" | "gif";

/** Detects the format by signature; null for formats that the server doesn't decode. */
export function formatOf(bytes: Uint8Array): Format | null {
  if (startsWith(bytes, "\xff\xd8\xff")) return "jpeg";
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return "png";
  if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return "webp";
  if (/^(II[*+]\0|MM\0[*+])/.test(latin1(bytes, 0, 4))) return "tiff";
  if (startsWith(bytes, "BM")) return "bmp";
  return startsWith(bytes, "GIF8") ? "gif" : null;
}

/**
 * Returns an image for decoding in the browser, or null if the server has to decode it.
 *
 * Browsers and the server disagree on unusual encodings of the orientation. An image is therefore decoded
 * locally only without an orientation, or with the common encoding: one SHORT in one intact Exif block, which
 * is set to 1 in the returned bytes. The server decodes all TIFFs, and JPEGs whose colours browsers convert
 * in another way: CMYK, and grey by a profile.
 */
export function storedImage(bytes: Uint8Array<ArrayBuffer>): StoredImage | null {
  switch (formatOf(bytes)) {
    case "jpeg":
      return storedJpeg(bytes);
    case "png":
      return isUpright(pngSources(bytes)) ? { orientation: 1, bytes } : null;
    case "webp":
      return isUpright(webpSources(bytes)) ? { orientation: 1, bytes } : null;
    case "tiff":
      return null;
    case "bmp":
    case "gif":
    case null:
      return { orientation: 1, bytes };
  }
}

/** Value and position of an Exif orientation. */
interface OrientationEntry {
  readonly value: Orientation;
  /** Offset of the SHORT in the block; null without an orientation entry. */
  readonly at: number | null;
  readonly little: boolean;
}

/**
 * Reads the orientation of the first directory; null for an ambiguous block that decoders may read
 * differently.
 */
function readOrientation(exif: Uint8Array): OrientationEntry | null {
  const little = startsWith(exif, "II*\0");
  if (exif.length < 8 || (!little && !startsWith(exif, "MM\0*"))) return null;
  const view = dataView(exif);
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return null;
  const count = view.getUint16(directory, little);
  if (directory + 2 + count * ENTRY_BYTES > exif.length) return null;
  const entries = Array.from({ length: count }, (_, index) => directory + 2 + index * ENTRY_BYTES).filter(
    (at) => view.getUint16(at, little) === ORIENTATION,
  );
  const [entry, ...more] = entries;
  if (entry === undefined) return { value: 1, at: null, little };
  const usual = view.getUint16(entry + 2, little) === TYPE_SHORT && view.getUint32(entry + 4, little) === 1;
  if (more.length > 0 || !usual) return null;
  const value = view.getUint16(entry + 8, little);
  // The server treats values outside the specification as 1.
  return { value: value >= 1 && value <= 8 ? (value as Orientation) : 1, at: entry + 8, little };
}

function storedJpeg(bytes: Uint8Array<ArrayBuffer>): StoredImage | null {
  const found = [...segments(bytes)];
  // Stray bytes between segments: the list is incomplete.
  if (found.at(-1)?.marker !== START_OF_SCAN) return null;
  const components = found.find(({ marker }) => FRAME_MARKERS.includes(marker))?.body[5] ?? 0;
  const profile = found.some(({ marker, body }) => marker === APP2 && startsWith(body, "ICC_PROFILE\0"));
  if (components === 4 || (components === 1 && profile)) return null;
  const [block, ...more] = found.filter(({ marker, body }) => marker === APP1 && startsWith(body, "Exif\0"));
  if (!block) return { orientation: 1, bytes };
  const entry = startsWith(block.body, EXIF) ? readOrientation(block.body.subarray(EXIF.length)) : null;
  if (more.length > 0 || !entry) return null;
  if (entry.at === null) return { orientation: 1, bytes };
  const upright = bytes.slice();
  dataView(upright).setUint16(block.at + EXIF.length + entry.at, 1, entry.little);
  return { orientation: entry.value, bytes: upright };
}

/** Contents of a file that can carry an orientation. */
interface OrientationSources {
  readonly exif: readonly Uint8Array[];
  /** True if text mentions an orientation, or is compressed and may mention one. */
  readonly text: boolean;
}

function isUpright({ exif, text }: OrientationSources): boolean {
  if (text || exif.length > 1) return false;
  return exif.every((block) => readOrientation(block)?.value === 1);
}

/** Keywords of XMP, and of Exif blocks that ImageMagick stores as text. */
const TEXT_KEYWORDS = /^(XML:com\.adobe\.xmp|Raw profile type (exif|APP1))\0/i;

function pngSources(bytes: Uint8Array): OrientationSources {
  const all = [...chunks(bytes)];
  const exif = all.filter(({ type }) => type === "eXIf").map(({ body }) => body);
  const text = all.some(({ type, body }) => {
    if (!["iTXt", "zTXt", "tEXt"].includes(type) || !TEXT_KEYWORDS.test(latin1(body, 0, 40))) return false;
    // An uncompressed packet has two more zero bytes after the keyword's terminator.
    const plain = type === "iTXt" && startsWith(body, "XML:com.adobe.xmp\0\0\0");
    return !plain || mentionsOrientation(body);
  });
  return { exif, text };
}

function webpSources(bytes: Uint8Array): OrientationSources {
  const all = [...riffChunks(bytes)];
  const exif = all.filter(({ type }) => type === "EXIF").map(({ body }) => body);
  return {
    exif: exif.map((block) => (startsWith(block, EXIF) ? block.subarray(EXIF.length) : block)),
    text: all.some(({ type, body }) => type === "XMP " && mentionsOrientation(body)),
  };
}

function mentionsOrientation(packet: Uint8Array): boolean {
  return new TextDecoder().decode(packet).includes("Orientation");
}

/**
 * Returns the canvas transform that turns stored pixels of `width` x `height` upright, as a, b, c, d, e, f.
 */
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

/** Returns the size of a stored image after the orientation is applied. */
export function uprightSize(orientation: Orientation, { width, height }: Size): Size {
  return orientation < 5 ? { width, height } : { width: height, height: width };
}
