import { extendPrompt, promptFields, refines, type PromptInput } from "../../core/prompt";
import { t } from "../../i18n";
import { notify } from "../notifications";
import { useEditor, type CurrentPrompt, type Job } from "../store";
import { cancelJob, runJob } from "./job";
import { applyMask, callPlugin } from "./plugin";

const { getState: get, setState: set } = useEditor;

let lastId = 0;

/**
 * Selects an object, or refines the current selection; a running selection is cancelled and included. The
 * result is one step, which replaces the earlier results of the same prompt.
 */
export async function select(input: PromptInput): Promise<void> {
  const { image, job, prompt: current, hole } = get();
  if (!image || (job && job.task !== "select")) return;
  const extended = extendPrompt(current, input, image);
  // A removal from an empty mask changes nothing.
  if (!extended || (extended.mode === "remove" && !hole)) return;
  const continued = current && refines(current, input) ? current : { id: ++lastId, applied: null };
  const { mode, area, clicks } = extended;
  const prompt: CurrentPrompt = { mode, area, clicks, id: continued.id, applied: continued.applied };
  cancelJob();
  set({ prompt });
  const succeeded = await runJob("select", (running) => requestMask(running, prompt));
  // A newer input contains this one; otherwise a failed one is dropped.
  if (!succeeded && get().prompt === prompt) set({ prompt: lastApplied(prompt) });
}

/** Selects the main object. */
export function selectMainObject(): Promise<void> {
  return select({ kind: "main" });
}

/** Ends the current prompt: the next click selects another object. */
export function endPrompt(): void {
  if (get().job?.task === "select") cancelJob();
  set({ prompt: null });
}

function requestMask(job: Job, prompt: CurrentPrompt): Promise<void> {
  const fields = { name: "InteractiveSeg", ...promptFields(prompt) } as const;
  return callPlugin(job, "mask", fields, async (file) => {
    const { mode, id, clicks, area, applied } = prompt;
    const found = await applyMask({ file, mode, invert: false, prompt: id });
    const last = clicks.at(-1);
    if (!found && (last?.inside ?? true)) notify({ kind: "info", text: t("select.nothing.object") });
    set({ prompt: found || applied ? { ...prompt, applied: { mode, clicks, area } } : null });
  });
}

/** Returns a prompt without the input that has no result. */
function lastApplied({ id, applied }: CurrentPrompt): CurrentPrompt | null {
  return applied && { ...applied, id, applied };
}
