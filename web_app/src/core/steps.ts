import type { Box } from "./geometry";
import { push, type History } from "./history";
import type { Stroke } from "./mask";

/** A rectangle of the picture before and after the server filled a hole in it; RGBA, four bytes a pixel. */
export interface Patch {
  readonly box: Box;
  readonly before: Uint8ClampedArray<ArrayBuffer>;
  readonly after: Uint8ClampedArray<ArrayBuffer>;
}

/** What can be undone: a stroke that waits to be filled, or a fill. */
export type Step =
  { readonly kind: "stroke"; readonly stroke: Stroke } | { readonly kind: "patch"; readonly patch: Patch };

/** Bytes that undo may hold on to before it lets the oldest steps go. */
export const UNDO_BUDGET = 512 * 1024 * 1024;

/** Bytes of memory a step keeps busy. */
export function stepCost(step: Step): number {
  return step.kind === "patch" ? step.patch.before.byteLength + step.patch.after.byteLength : 0;
}

/** The strokes that wait to be filled, oldest first. */
export function pendingStrokes({ past }: History<Step>): Stroke[] {
  const strokes: Stroke[] = [];
  for (let index = past.length - 1; index >= 0; index--) {
    const step = past[index];
    if (step?.kind !== "stroke") break;
    strokes.unshift(step.stroke);
  }
  return strokes;
}

/** Adds a stroke that waits to be filled. */
export function addStroke(history: History<Step>, stroke: Stroke): History<Step> {
  return push<Step>(history, { kind: "stroke", stroke }, stepCost, UNDO_BUDGET);
}

/** Adds a fill, which takes the place of the strokes that waited for it. */
export function addPatch(history: History<Step>, patch: Patch, budget = UNDO_BUDGET): History<Step> {
  const waiting = pendingStrokes(history).length;
  const past = history.past.slice(0, history.past.length - waiting);
  return push<Step>({ past, future: [] }, { kind: "patch", patch }, stepCost, budget);
}
