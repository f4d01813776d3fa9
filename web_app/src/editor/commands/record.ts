import { push, type History } from "../../core/history";
import { t } from "../../i18n";
import { emitChange } from "../changes";
import { documentWorker } from "../document/client";
import type { Change, RecordedChange } from "../document/documentSession";
import { notify } from "../notifications";
import { useEditor, type Step, type StepKind } from "../store";

/** Memory limit of the undo history, in bytes of compressed deltas. */
const UNDO_BUDGET_BYTES = 256 * 1024 * 1024;
/** Maximum number of steps in the undo history. */
const MAX_STEPS = 500;

const { getState: get, setState: set } = useEditor;

/** Adds a change to the history and publishes it. */
export function recordStep(change: RecordedChange, kind: StepKind): void {
  const { id, bytes, thumbnail } = change;
  const step: Step = { id, kind, bytes, thumbnail: URL.createObjectURL(thumbnail) };
  const before = get().history;
  const after = limitSteps(push(before, step, (each) => each.bytes, UNDO_BUDGET_BYTES));
  replaceHistory(after);
  publish(change);
  if (after.past.length <= before.past.length && before.past[0] !== after.past[0]) {
    notify({ kind: "info", text: t("history.dropped") });
  }
}

/** Kinds of steps that change only the mask. */
const MASK_STEPS: readonly StepKind[] = ["brush", "eraser", "shape", "mask", "select"];

/** Publishes a change of the document. It ends the prompt: the next click selects another object. */
export function publish(change: Change): void {
  const { hole, hasTransparency, size } = change;
  set({ hole, hasTransparency, lastFillMs: null, prompt: null });
  const { image, view } = get();
  if (image && (image.width !== size.width || image.height !== size.height)) {
    // The image keeps its place on the screen.
    const scaledView = { ...view, scale: (view.scale * image.width) / size.width };
    set({ image: { ...image, ...size }, view: scaledView, hasPreviousFill: false });
  }
  emitChange(change);
}

/** Merges the fill that was just recorded with the preceding mask edits, so that one stroke is one step. */
export async function mergeFillWithMaskEdits(): Promise<void> {
  const { past, future } = get().history;
  const last = past.at(-1);
  const before = past.slice(0, -1);
  const from = before.findLastIndex(({ kind }) => !MASK_STEPS.includes(kind)) + 1;
  const maskEdits = before.slice(from);
  if (!last || maskEdits.length === 0) return;
  const { id, bytes } = await documentWorker().mergeSteps([...maskEdits.map((step) => step.id), last.id]);
  for (const step of maskEdits) URL.revokeObjectURL(step.thumbnail);
  set({ history: { past: [...before.slice(0, from), { ...last, id, bytes }], future } });
}

/** Replaces the history and releases the data of removed steps, also in the worker. */
export function replaceHistory(after: History<Step>): void {
  const { history: before } = get();
  const kept = new Set([...after.past, ...after.future]);
  const removed = [...before.past, ...before.future].filter((step) => !kept.has(step));
  for (const step of removed) URL.revokeObjectURL(step.thumbnail);
  if (removed.length > 0) void documentWorker().deleteSteps(removed.map(({ id }) => id));
  set({ history: after });
}

function limitSteps({ past, future }: History<Step>): History<Step> {
  return { past: past.slice(-MAX_STEPS), future };
}
