/** What a picture's file says besides its pixels, and what is kept when it is saved. */
export interface Metadata {
  /** A TIFF block as Exif has it. */
  readonly exif: Uint8Array | null;
  /** The colour profile of the pixels. */
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
  return latin(bytes, at, text.length) === text;
}

export function latin(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function fromLatin(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether a profile describes RGB: one for other inks says nothing about the pixels that a browser decoded. */
export function isRgbProfile(icc: Uint8Array): boolean {
  // ICC.1:2022, 7.2: the colour space of the data.
  return icc.length > 128 && startsWith(icc, "RGB ", 16);
}
