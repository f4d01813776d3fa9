import { UserError } from "../../api/errors";
import { newJobId } from "../../api/jobId";
import { runPlugin, type PluginCall } from "../../api/plugins";
import { t } from "../../i18n";
import { documentWorker } from "../document/client";
import type { RecordedChange } from "../document/documentSession";
import { notify } from "../notifications";
import { useEditor, type Job, type Step, type StepKind } from "../store";
import type { Click } from "../tools/tool";
import { enqueue } from "./queue";
import { recordStep } from "./record";
import { reportErrors } from "./reportErrors";
import { open } from "./session";
import { applyUndo } from "./undoRedo";

/** Name of the interactive segmentation plugin in IOPaint's API. */
export const SELECTING_PLUGIN = "InteractiveSeg";

const { getState: get, setState: set } = useEditor;

/** Replaces the mask by the result of a segmentation plugin. */
export async function maskByPlugin(name: string): Promise<void> {
  await runJob({ name, result: "mask" }, (mask) =>
    applyResult(() => documentWorker().importMask(mask), "mask"),
  );
}

/** Replaces the image by a plugin's result; `scale` is for plugins that upscale. */
export async function applyPlugin(name: string, scale?: number): Promise<void> {
  await runJob({ name, result: "image", ...(scale && { scale }) }, async (result) => {
    if (await documentWorker().hasSameSize(result)) {
      await applyResult(() => documentWorker().replaceImage(result), "plugin");
      return;
    }
    // The history doesn't apply to an image of another size.
    const file = new File([result], get().image?.name ?? name, { type: result.type });
    await open(file);
    notify({ kind: "info", text: t("plugin.openedAsNew", { name }) });
  });
}

/** The points of one object, and the history step with the resulting mask. */
interface Selection {
  readonly clicks: NonNullable<PluginCall["clicks"]>;
  readonly step: Step | undefined;
}

let selection: Selection | null = null;

/** Adds a point to the current object, or starts a new one, and masks the segmented object. */
export async function selectAt({ at: { x, y }, foreground, newObject }: Click): Promise<void> {
  // Any other step since the last click starts a new object.
  const current = !newObject && selection?.step === get().history.past.at(-1) ? selection : null;
  const clicks = [...(current?.clicks ?? []), [Math.round(x), Math.round(y), foreground ? 1 : 0] as const];
  const succeeded = await runJob({ name: SELECTING_PLUGIN, result: "mask", clicks }, (result) =>
    applyResult(async () => {
      if (current?.step) await applyUndo();
      return documentWorker().addToMask(result);
    }, "mask"),
  );
  if (succeeded) selection = { clicks, step: get().history.past.at(-1) };
}

/** Sends the image to a plugin and handles the result; returns true on success. */
async function runJob(
  call: Omit<PluginCall, "image">,
  onResult: (result: Blob) => Promise<void>,
): Promise<boolean> {
  const { image, job: running } = get();
  if (!image || running) return false;
  const abort = new AbortController();
  const job: Job = {
    id: newJobId(),
    startedAt: performance.now(),
    abort,
    plugin: call.name,
    progress: { state: "running", position: null, crop: null, crops: null },
  };
  set({ job, lastFillMs: null });
  const succeeded = await reportErrors(async () => {
    const png = await enqueue(() => documentWorker().encodePng());
    const result = await runPlugin({ ...call, image: png }, abort.signal);
    abort.signal.throwIfAborted();
    set({ job: null });
    await onResult(result);
  });
  if (get().job?.id === job.id) set({ job: null });
  return succeeded;
}

async function applyResult(apply: () => Promise<RecordedChange | null>, kind: StepKind): Promise<void> {
  await enqueue(async () => {
    const change = await apply().catch(() => {
      throw new UserError(t("error.responseUnreadable"));
    });
    if (change) recordStep(change, kind);
  });
}
