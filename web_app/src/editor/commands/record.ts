import { push, type History } from "../../core/history";
import { t } from "../../i18n";
import { notify } from "../../ui/kit/toast";
import { tellChange } from "../changes";
import { theDesk } from "../document/client";
import type { Done } from "../document/desk";
import { useEditor, type Step, type StepKind } from "../store";

/** Bytes that undo may hold on to before it lets the oldest steps go. */
const UNDO_BUDGET = 256 * 1024 * 1024;
/** More steps than anybody goes back. */
const MOST_STEPS = 500;

const { getState: get, setState: set } = useEditor;

/** Writes a change into the history and shows it. */
export function record(done: Done, kind: StepKind): void {
  const { id, bytes, thumbnail } = done;
  const step: Step = { id, kind, bytes, thumbnail: URL.createObjectURL(thumbnail) };
  const before = get().history;
  const after = limited(push(before, step, (each) => each.bytes, UNDO_BUDGET));
  replaceHistory(after);
  set({ hole: done.hole, took: null });
  tellChange(done);
  if (after.past.length <= before.past.length && before.past[0] !== after.past[0]) {
    notify({ kind: "info", text: t("history.forgotten") });
  }
}

/** Makes one step of the fill that was just recorded and the mask's steps before it: what one stroke did is one step. */
export async function mergeWithMask(): Promise<void> {
  const { past, future } = get().history;
  const last = past.at(-1);
  const before = past.slice(0, -1);
  const from = before.findLastIndex(({ kind }) => kind === "fill") + 1;
  const mine = before.slice(from);
  if (!last || mine.length === 0) return;
  const { id, bytes } = await theDesk().merge([...mine.map((step) => step.id), last.id]);
  for (const step of mine) URL.revokeObjectURL(step.thumbnail);
  set({ history: { past: [...before.slice(0, from), { ...last, id, bytes }], future } });
}

/** Replaces the history; what is in it no more is forgotten on the desk too. */
export function replaceHistory(after: History<Step>): void {
  const { history: before } = get();
  const kept = new Set([...after.past, ...after.future]);
  const gone = [...before.past, ...before.future].filter((step) => !kept.has(step));
  for (const step of gone) URL.revokeObjectURL(step.thumbnail);
  if (gone.length > 0) void theDesk().forget(gone.map(({ id }) => id));
  set({ history: after });
}

function limited({ past, future }: History<Step>): History<Step> {
  return { past: past.slice(-MOST_STEPS), future };
}
