import * as steps from "../../core/history";
import type { History } from "../../core/history";
import { documentWorker } from "../document/client";
import { useEditor, type Step } from "../store";
import { enqueue } from "./queue";
import { publish } from "./record";
import { reportErrors } from "./reportErrors";

const { getState: get, setState: set } = useEditor;

/** Undoes the newest step. */
export function undo(): Promise<boolean> {
  return reportErrors(() => enqueue(applyUndo));
}

/** Redoes the step that was undone last. */
export function redo(): Promise<boolean> {
  return reportErrors(() => enqueue(applyRedo));
}

/** Undoes or redoes steps until `count` steps are applied; 0 is the image as opened. */
export function goTo(count: number): Promise<boolean> {
  return reportErrors(() =>
    enqueue(async () => {
      while (get().history.past.length > count && (await applyUndo()));
      while (get().history.past.length < count && (await applyRedo()));
    }),
  );
}

/** Undoes the newest step; returns false without one. */
function applyUndo(): Promise<boolean> {
  return apply(steps.undo);
}

function applyRedo(): Promise<boolean> {
  return apply(steps.redo);
}

async function apply(move: (history: History<Step>) => [History<Step>, Step] | null): Promise<boolean> {
  const { image, history, job } = get();
  const moved = move(history);
  if (!image || job || !moved) return false;
  const [next, step] = moved;
  const change = await documentWorker().applyStep(step.id);
  set({ history: next });
  publish(change);
  return true;
}
