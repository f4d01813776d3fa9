import { boundingBox, fullBox, intersection } from "./box";
import type { Box, Point, Size } from "./geometry";
import type { Mode } from "./strokes";

/** A click, box or outline made with the selection tool, in image pixels. */
export type PromptInput =
  | {
      readonly kind: "click";
      readonly at: Point;
      readonly mode: Mode;
      /** Starts a new prompt instead of refining the current one. */
      readonly starts: boolean;
    }
  | { readonly kind: "box"; readonly from: Point; readonly to: Point; readonly mode: Mode }
  | { readonly kind: "lasso"; readonly points: readonly Point[]; readonly mode: Mode }
  /** The main object of the image. */
  | { readonly kind: "main" };

/** An area that contains the object. */
export type PromptArea =
  { readonly kind: "box"; readonly box: Box } | { readonly kind: "lasso"; readonly points: readonly Point[] };

/** A click of a prompt, on a whole pixel. */
export interface PromptClick {
  readonly at: Point;
  /** False for a part that doesn't belong to the object. */
  readonly inside: boolean;
}

/** Description of one object: an area, clicks that refine it, or both. */
export interface Prompt {
  /** Adds the object to the mask or removes it from it. */
  readonly mode: Mode;
  readonly area: PromptArea | null;
  readonly clicks: readonly PromptClick[];
}

/** A prompt in the form of the plugin routes. */
export interface PromptFields {
  readonly clicks?: [x: number, y: number, inside: 0 | 1][];
  readonly box?: [left: number, top: number, right: number, bottom: number];
  readonly lasso?: [x: number, y: number][];
}

/** Maximum number of corners of an outline; servers accept 256 by default. */
const MAX_CORNERS = 128;

/**
 * Returns true if an input refines a prompt instead of starting one: a click, unless it adds and the prompt
 * removes.
 */
export function refines(prompt: Prompt, input: PromptInput): boolean {
  return input.kind === "click" && !input.starts && !(prompt.mode === "remove" && input.mode === "add");
}

/** Returns the prompt after an input, see {@link refines}. Null for an input outside the image. */
export function extendPrompt(current: Prompt | null, input: PromptInput, image: Size): Prompt | null {
  if (input.kind !== "click") {
    const area = areaOf(input, image);
    return area && { mode: input.kind === "main" ? "add" : input.mode, area, clicks: [] };
  }
  const at = { x: Math.floor(input.at.x), y: Math.floor(input.at.y) };
  if (!intersection({ ...at, width: 1, height: 1 }, fullBox(image))) return null;
  const { mode } = input;
  if (!current || !refines(current, input)) return { mode, area: null, clicks: [{ at, inside: true }] };
  return { ...current, clicks: [...current.clicks, { at, inside: mode === current.mode }] };
}

/** Returns a prompt's fields of a request. */
export function promptFields({ area, clicks }: Prompt): PromptFields {
  return {
    ...(clicks.length > 0 && {
      clicks: clicks.map(({ at, inside }) => [at.x, at.y, inside ? 1 : 0]),
    }),
    ...(area?.kind === "box" && { box: edges(area.box) }),
    ...(area?.kind === "lasso" && { lasso: area.points.map(({ x, y }) => [x, y]) }),
  };
}

function edges({ x, y, width, height }: Box): [number, number, number, number] {
  return [x, y, x + width, y + height];
}

function areaOf(input: Exclude<PromptInput, { kind: "click" }>, image: Size): PromptArea | null {
  if (input.kind === "main") return { kind: "box", box: fullBox(image) };
  const points = input.kind === "box" ? [input.from, input.to] : thinned(input.points);
  const bounds = boundingBox(points, 0);
  const box = bounds && intersection(bounds, fullBox(image));
  if (!box) return null;
  return input.kind === "box" ? { kind: "box", box } : { kind: "lasso", points };
}

/** Returns at most {@link MAX_CORNERS} points at equal intervals of the outline, rounded to pixels. */
function thinned(points: readonly Point[]): Point[] {
  const count = Math.min(points.length, MAX_CORNERS);
  return Array.from({ length: count }, (_, index) => {
    const { x, y } = points[Math.floor((index * points.length) / count)] ?? { x: 0, y: 0 };
    return { x: Math.round(x), y: Math.round(y) };
  });
}
