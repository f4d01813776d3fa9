import { UserError } from "../../api/errors";
import {
  runPlugin,
  type Plugin,
  type PluginFields,
  type PluginName,
  type PluginResult,
} from "../../api/plugins";
import { t } from "../../i18n";
import { documentWorker } from "../document/client";
import type { MaskResult, RecordedChange } from "../document/documentSession";
import { notify } from "../notifications";
import { useEditor, type EditorState, type Job, type JobTask, type ServerConfig } from "../store";
import { followJob, runJob } from "./job";
import { enqueue } from "./queue";
import { recordStep } from "./record";

const { getState: get } = useEditor;

/** Returns the enabled plugins of a server. */
export function pluginsOf(server: ServerConfig | null): readonly Plugin[] {
  return [...(server?.plugins ?? []), ...(server?.additionalPlugins ?? [])];
}

/** Returns true if the server has a plugin with this kind of result. */
export function hasPlugin(
  { server }: Pick<EditorState, "server">,
  name: PluginName,
  result: PluginResult,
): boolean {
  const plugin = pluginsOf(server).find((each) => each.name === name);
  return plugin?.[result === "mask" ? "support_gen_mask" : "support_gen_image"] ?? false;
}

/** Adds all text to the mask. */
export function selectText(): Promise<void> {
  return addToMask("text", "TextMask", false);
}

/** Adds everything but the main object to the mask. */
export function selectBackground(): Promise<void> {
  return addToMask("background", "RemoveBG", true);
}

/** Makes everything but the main object, or the main drawn character, transparent. */
export function removeBackground(name: "RemoveBG" | "AnimeSeg"): Promise<void> {
  return replaceImage("cutOut", { name }, (result) => documentWorker().replaceImage(result));
}

/** Restores all faces. */
export function restoreFaces(name: "GFPGAN" | "RestoreFormer"): Promise<void> {
  return replaceImage("faces", { name }, (result) => documentWorker().replaceImage(result));
}

/** Enlarges the image. */
export function upscale(scale: number): Promise<void> {
  return replaceImage("upscale", { name: "RealESRGAN", scale }, (result) =>
    documentWorker().resizeImage(result),
  );
}

/** Sends the image to a plugin; `onResult` runs behind earlier commands unless the job is cancelled. */
export async function callPlugin(
  { id, abort: { signal } }: Job,
  result: PluginResult,
  fields: PluginFields,
  onResult: (file: Blob) => Promise<void>,
): Promise<void> {
  const image = await enqueue(() => documentWorker().encodeImage());
  signal.throwIfAborted();
  const unfollow = followJob(id);
  try {
    const file = await runPlugin({ result, fields, image, jobId: id }, signal);
    await enqueue(async () => {
      signal.throwIfAborted();
      await onResult(file);
    });
  } finally {
    unfollow();
  }
}

/** Applies a plugin's mask as one step; returns false if the plugin found nothing. */
export async function applyMask(result: MaskResult): Promise<boolean> {
  const { found, change } = await documentWorker()
    .applyMask(result)
    .catch(() => {
      throw new UserError(t("error.responseUnreadable"));
    });
  if (change) recordStep(change, "select");
  return found;
}

async function addToMask(task: "text" | "background", name: PluginName, invert: boolean): Promise<void> {
  if (isBusy()) return;
  await runJob(task, (job) =>
    callPlugin(job, "mask", { name }, async (file) => {
      const found = await applyMask({ file, mode: "add", invert, prompt: null });
      if (!found) notify({ kind: "info", text: t(`select.nothing.${task}`) });
    }),
  );
}

async function replaceImage(
  task: Extract<JobTask, "cutOut" | "faces" | "upscale">,
  fields: PluginFields,
  apply: (file: Blob) => Promise<RecordedChange>,
): Promise<void> {
  if (isBusy()) return;
  await runJob(task, (job) =>
    callPlugin(job, "image", fields, async (file) => {
      const change = await apply(file).catch(() => {
        throw new UserError(t(task === "upscale" ? "error.tooLittleMemory" : "error.responseUnreadable"));
      });
      recordStep(change, task);
    }),
  );
}

function isBusy(): boolean {
  const { image, job } = get();
  return !image || job !== null;
}
