import type { Box, Size } from "./geometry";

/**
 * The bitwise XOR of a rectangle before and after a change; applying it undoes or redoes the change.
 * Unchanged bytes are 0 and compress to almost nothing.
 */
export interface Delta {
  /** Changed layer: the image (RGBA, 4 bytes per pixel) or the mask (1 byte per pixel). */
  readonly layer: "image" | "mask";
  readonly box: Box;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Interleaved samples, row by row, `channels` bytes per pixel. */
export interface Plane extends Size {
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Returns a copy of the bytes of a rectangle, without padding between rows. */
export function copyBox(plane: Plane, { x, y, width, height }: Box): Uint8Array<ArrayBuffer> {
  const { channels, data } = plane;
  const row = width * channels;
  const copy = new Uint8Array(row * height);
  for (let line = 0; line < height; line++) {
    const from = ((y + line) * plane.width + x) * channels;
    copy.set(data.subarray(from, from + row), line * row);
  }
  return copy;
}

/**
 * XORs `before`, a copy of the rectangle's earlier bytes, with its current bytes in place, and returns it.
 */
export function xorWithCurrent(
  before: Uint8Array<ArrayBuffer>,
  plane: Plane,
  box: Box,
): Uint8Array<ArrayBuffer> {
  forEachRow(plane, box, (from, to, length) => {
    for (let index = 0; index < length; index++) {
      before[to + index] = (before[to + index] ?? 0) ^ (plane.data[from + index] ?? 0);
    }
  });
  return before;
}

/** XORs a delta into a rectangle, which undoes or redoes the change. */
export function applyDelta(plane: Plane, box: Box, bytes: Uint8Array): void {
  forEachRow(plane, box, (from, to, length) => {
    for (let index = 0; index < length; index++) {
      plane.data[from + index] = (plane.data[from + index] ?? 0) ^ (bytes[to + index] ?? 0);
    }
  });
}

function forEachRow(
  plane: Plane,
  { x, y, width, height }: Box,
  visit: (inPlane: number, inBox: number, length: number) => void,
): void {
  const length = width * plane.channels;
  for (let line = 0; line < height; line++) {
    visit(((y + line) * plane.width + x) * plane.channels, line * length, length);
  }
}
