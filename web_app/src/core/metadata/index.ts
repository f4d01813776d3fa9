import type { Size } from "../geometry";
import { cleanExif } from "./exif";
import { readJpeg, writeJpeg } from "./jpeg";
import { isRgbProfile, startsWith, type Metadata } from "./metadata";
import { readPng } from "./png";
import { readTiff } from "./tiff";
import { readWebp, writeWebp } from "./webp";

export type { Metadata } from "./metadata";
export { pngChunks } from "./png";

/** Reads a file's metadata, adapted to upright pixels of `size` that may be edited. */
export async function readMetadata(bytes: Uint8Array, size: Size): Promise<Metadata> {
  const { exif, icc, density } = await readRaw(bytes);
  return {
    exif: exif && cleanExif(exif, size),
    icc: icc && isRgbProfile(icc) ? icc : null,
    density,
  };
}

/** Returns metadata adapted to another size of the image. */
export function resizedMetadata({ exif, ...rest }: Metadata, size: Size): Metadata {
  return { ...rest, exif: exif && cleanExif(exif, size) };
}

/** Returns a file encoded by a canvas with metadata inserted. */
export function withMetadata(bytes: Uint8Array, size: Size, metadata: Metadata): Uint8Array<ArrayBuffer> {
  if (isJpeg(bytes)) return writeJpeg(bytes, metadata);
  if (isWebp(bytes)) return writeWebp(bytes, size, metadata);
  return Uint8Array.from(bytes);
}

async function readRaw(bytes: Uint8Array): Promise<Metadata> {
  if (isJpeg(bytes)) return readJpeg(bytes);
  if (isWebp(bytes)) return readWebp(bytes);
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return readPng(bytes);
  return readTiff(bytes);
}

function isJpeg(bytes: Uint8Array): boolean {
  return startsWith(bytes, "\xff\xd8");
}

function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8);
}
