/*
 * Functions evaluated in the page. Only the source of each function is transferred, so they can't use module
 * scope.
 */

/** The pixels of a canvas, row by row, one RGBA word per pixel (red in the lowest byte). */
export interface CanvasPixels {
  readonly width: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
}

/** A rectangle in pixels, with inclusive right and bottom edges. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Returns the pixels of a canvas. */
export function canvasPixels(selector: string): CanvasPixels {
  const canvas = document.querySelector<HTMLCanvasElement>(selector);
  const context = canvas?.getContext("2d");
  if (!canvas || !context) throw new Error(`no canvas ${selector}`);
  const { width, height } = canvas;
  return { width, pixels: new Uint32Array(context.getImageData(0, 0, width, height).data.buffer) };
}

/**
 * Returns the pixels of a stage canvas once the stage reports that drawing is complete and `frames`
 * consecutive animation frames show the same pixels.
 *
 * @throws after `deadlineMs`.
 */
export async function settledPixels(options: {
  readonly selector: string;
  readonly frames: number;
  readonly deadlineMs: number;
}): Promise<CanvasPixels> {
  const { selector, frames, deadlineMs } = options;
  const deadline = performance.now() + deadlineMs;
  let last: CanvasPixels | null = null;
  let equal = 0;
  while (performance.now() < deadline) {
    await new Promise(requestAnimationFrame);
    const canvas = document.querySelector<HTMLCanvasElement>(selector);
    const context = canvas?.getContext("2d");
    if (!canvas || !context || canvas.closest<HTMLElement>(".stage")?.dataset.drawn !== "true") {
      last = null;
      continue;
    }
    const { width, height } = canvas;
    const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
    const previous: CanvasPixels | null = last;
    const same =
      previous?.pixels.length === pixels.length &&
      pixels.every((pixel, index) => pixel === previous.pixels[index]);
    equal = same ? equal + 1 : 1;
    last = { width, pixels };
    if (equal >= frames) return last;
  }
  throw new Error(`${selector} was still being drawn after ${deadlineMs} ms`);
}

/**
 * Returns the bounding box of the differences between two canvases, or of the non-empty pixels without a
 * second one; null if there are none. Differences of one level per channel are ignored, because clipped
 * drawing can cause them.
 */
export function changedBounds({ width, pixels }: CanvasPixels, other: CanvasPixels | null): Bounds | null {
  const SHIFTS = [0, 8, 16, 24];
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let index = 0; index < pixels.length; index++) {
    const [a = 0, b = 0] = [pixels[index], other ? other.pixels[index] : 0];
    if (a === b || SHIFTS.every((shift) => Math.abs(((a >>> shift) & 255) - ((b >>> shift) & 255)) <= 1))
      continue;
    const [x, y] = [index % width, Math.floor(index / width)];
    [left, top] = [Math.min(left, x), Math.min(top, y)];
    [right, bottom] = [Math.max(right, x), Math.max(bottom, y)];
  }
  return right < 0 ? null : { left, top, right, bottom };
}

/** Returns the number of pixels with an alpha of at least 128. */
export function coveredArea({ pixels }: CanvasPixels): number {
  return pixels.reduce((area, pixel) => area + (pixel >>> 31), 0);
}
