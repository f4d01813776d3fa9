/** Metadata of an image file that is kept when a result is saved. */
export interface Metadata {
  /** Exif data as a TIFF block, without a prefix. */
  readonly exif: Uint8Array | null;
  /** ICC profile of the pixels. */
  readonly icc: Uint8Array | null;
  readonly density: Density | null;
}

/** Pixels per inch. */
export interface Density {
  readonly x: number;
  readonly y: number;
}

export const NO_METADATA: Metadata = { exif: null, icc: null, density: null };

export const INCH_IN_METRES = 0.0254;
export const CENTIMETRES_IN_INCH = 2.54;

export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return latin1(bytes, at, text.length) === text;
}

export function latin1(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Returns true for a profile with RGB as its colour space; others don't describe pixels decoded by a browser.
 */
export function isRgbProfile(icc: Uint8Array): boolean {
  // ICC.1:2022, 7.2: data colour space.
  return icc.length > 128 && startsWith(icc, "RGB ", 16);
}
