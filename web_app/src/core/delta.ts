import type { Box, Size } from "./geometry";

/**
 * What a step changed, as the exclusive or of before and after: the same bytes lead from one to the other and back.
 * Where nothing changed they are 0, which compresses to almost nothing.
 */
export interface Delta {
  /** What it belongs to: the picture (RGBA, four bytes a pixel) or the mask (one byte). */
  readonly layer: "picture" | "mask";
  readonly box: Box;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Rows of bytes, `channels` a pixel. */
export interface Plane extends Size {
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The bytes of a rectangle. */
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

/** Turns what a rectangle was into the way between that and what it is now. */
export function differenceFrom(
  before: Uint8Array<ArrayBuffer>,
  plane: Plane,
  box: Box,
): Uint8Array<ArrayBuffer> {
  eachRow(plane, box, (from, to, length) => {
    for (let index = 0; index < length; index++) {
      before[to + index] = (before[to + index] ?? 0) ^ (plane.data[from + index] ?? 0);
    }
  });
  return before;
}

/** Goes the way of a delta, there or back. */
export function applyDelta(plane: Plane, box: Box, bytes: Uint8Array): void {
  eachRow(plane, box, (from, to, length) => {
    for (let index = 0; index < length; index++) {
      plane.data[from + index] = (plane.data[from + index] ?? 0) ^ (bytes[to + index] ?? 0);
    }
  });
}

function eachRow(
  plane: Plane,
  { x, y, width, height }: Box,
  visit: (inPlane: number, inBox: number, length: number) => void,
): void {
  const length = width * plane.channels;
  for (let line = 0; line < height; line++) {
    visit(((y + line) * plane.width + x) * plane.channels, line * length, length);
  }
}
