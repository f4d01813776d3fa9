/*
 * Functions that run in the page. Each stands alone: the browser receives its source without this module's
 * scope.
 */

/** The pixels of a canvas, RGBA in a whole number each, row by row. */
export interface CanvasPixels {
  readonly width: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
}

/** A rectangle in pixels; right and bottom are inside it. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Reads a canvas. */
export function canvasPixels(selector: string): CanvasPixels {
  const canvas = document.querySelector<HTMLCanvasElement>(selector);
  const context = canvas?.getContext("2d");
  if (!canvas || !context) throw new Error(`no canvas ${selector}`);
  const { width, height } = canvas;
  return { width, pixels: new Uint32Array(context.getImageData(0, 0, width, height).data.buffer) };
}

/**
 * Reads a canvas of the stage once the stage reports that nothing is left to draw and `frames` animation
 * frames in a row found the same pixels. Throws after `deadlineMs`.
 */
export async function settledPixels(options: {
  readonly selector: string;
  readonly frames: number;
  readonly deadlineMs: number;
}): Promise<CanvasPixels> {
  const { selector, frames, deadlineMs } = options;
  const end = performance.now() + deadlineMs;
  let last: CanvasPixels | null = null;
  let equal = 0;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const canvas = document.querySelector<HTMLCanvasElement>(selector);
    const context = canvas?.getContext("2d");
    if (!canvas || !context || canvas.closest<HTMLElement>(".stage")?.dataset.drawn !== "true") {
      last = null;
      continue;
    }
    const { width, height } = canvas;
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const before: CanvasPixels | null = last;
    const same =
      before?.pixels.length === pixels.length && pixels.every((pixel, at) => pixel === before.pixels[at]);
    equal = same ? equal + 1 : 1;
    last = { width, pixels };
    if (equal >= frames) return last;
  }
  throw new Error(`${selector} was still being drawn after ${deadlineMs} ms`);
}

/**
 * The rectangle in which two canvases differ, or in which one isn't empty; null if there is none. One level
 * of a channel doesn't count, since drawing through a clip may change a sample by that much.
 */
export function changedBounds({ width, pixels }: CanvasPixels, other: CanvasPixels | null): Bounds | null {
  const SHIFTS = [0, 8, 16, 24];
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let at = 0; at < pixels.length; at++) {
    const [one = 0, two = 0] = [pixels[at], other ? other.pixels[at] : 0];
    if (one === two || SHIFTS.every((by) => Math.abs(((one >>> by) & 255) - ((two >>> by) & 255)) <= 1))
      continue;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  return right < 0 ? null : { left, top, right, bottom };
}

/** The number of pixels of the screen that the mask covers by half or more. */
export function coveredArea({ pixels }: CanvasPixels): number {
  return pixels.reduce((area, pixel) => area + (pixel >>> 31), 0);
}
