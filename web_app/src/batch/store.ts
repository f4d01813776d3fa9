import { proxy, wrap, type Remote } from "comlink";
import { create } from "zustand";
import { decodeOnServer } from "../api/decode";
import { errorMessage, isUserError, UserError } from "../api/errors";
import type { JobEvent, JobListener } from "../api/events";
import { saveOnServer } from "../api/save";
import { t } from "../i18n";
import { requestOptions } from "../settings/settings";
import { useSettings } from "../settings/store";
import { triggerDownload } from "../editor/triggerDownload";
import { fill, selectIn } from "./fill";
import { maskFor, resultName, stemOf, uniqueNames } from "./names";
import { isPluginRule, type MaskRule } from "./rules";
import { TaskRunner } from "./runner";
import type { BatchMask, BatchWorker } from "./worker";
import { partition, type ZipEntry } from "./zip";

/** Concurrent requests: one image is uploaded while another is filled. */
const CONCURRENCY = 2;
/**
 * Maximum size of one archive in bytes: within the ZIP format's 4 GiB limit and browsers' limits on blobs.
 */
const ARCHIVE_LIMIT = 2_000_000_000;

export interface BatchImage {
  readonly id: number;
  readonly file: File;
  readonly state: "ready" | "waiting" | "running" | "done" | "failed" | "cancelled";
  /** True while its mask is being selected. */
  readonly selecting: boolean;
  readonly progress: JobEvent | null;
  /** Error message of a failed image. */
  readonly failure: string | null;
  readonly result: Blob | null;
  /** True if nothing was to be filled: the result is the image. */
  readonly unchanged: boolean;
  /** Name of the result in the server's output folder. */
  readonly saved: string | null;
}

export interface BatchState {
  readonly images: readonly BatchImage[];
  readonly rule: MaskRule;
  readonly mask: BatchMask | null;
  readonly masks: readonly BatchMask[];
  readonly target: "zip" | "server";
  /** True while an archive is being written. */
  readonly packing: boolean;
}

export const useBatch = create<BatchState>(() => ({
  images: [],
  rule: "one",
  mask: null,
  masks: [],
  target: "zip",
  packing: false,
}));

const { getState: get, setState: set } = useBatch;

let lastId = 0;

interface ImageResult {
  readonly result: Blob;
  readonly unchanged: boolean;
  readonly saved: string | null;
}

const runner = new TaskRunner<number, ImageResult>(
  fillImage,
  (id, outcome) => {
    updateImage(id, {
      state: outcome.state,
      selecting: false,
      progress: null,
      failure: outcome.state === "failed" ? errorMessage(outcome.reason) : null,
      ...(outcome.state === "done" && outcome.result),
    });
  },
  CONCURRENCY,
);

let worker: Remote<BatchWorker> | null = null;

function batchWorker(): Remote<BatchWorker> {
  if (worker) return worker;
  worker = wrap<BatchWorker>(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  // Messages are delivered in order, so this call precedes any later one.
  void worker.setServerDecoder(proxy(decodeOnServer));
  return worker;
}

async function fillImage(id: number, signal: AbortSignal): Promise<ImageResult> {
  const image = get().images.find((each) => each.id === id);
  if (!image) throw new UserError(t("batch.imageRemoved"));
  const onProgress = (progress: JobEvent): void => {
    updateImage(id, { progress });
  };
  const mask = await maskPng(image, signal, onProgress);
  signal.throwIfAborted();
  // The image is uploaded as stored; the server determines its upright size.
  const options = { ...requestOptions(useSettings.getState()), fit_mask: true };
  const result = mask ? await fill({ image: image.file, mask, options }, signal, onProgress) : image.file;
  const onServer = get().target === "server";
  const name = resultName(image.file.name, result.type);
  const saved = onServer ? await saveOnServer(name, result, { signal }) : null;
  return { result, unchanged: mask === null, saved };
}

/** Returns an image's mask according to the batch's rule; null if nothing is to be filled. */
async function maskPng(
  image: BatchImage,
  signal: AbortSignal,
  onProgress: JobListener,
): Promise<Blob | null> {
  const { rule } = get();
  if (isPluginRule(rule)) {
    updateImage(image.id, { selecting: true });
    const encode = (file: Blob, invert: boolean) => batchWorker().encodeObjects(file, invert);
    const mask = await selectIn({ image: image.file, rule }, encode, signal, onProgress);
    updateImage(image.id, { selecting: false, progress: null });
    return mask;
  }
  const mask = maskOf(image, get());
  if (!mask) throw new UserError(t("batch.noMask", { stem: stemOf(image.file.name) }));
  return batchWorker()
    .encodeMask(mask)
    .catch((thrown: unknown) => {
      throw new UserError(
        isUserError(thrown)
          ? t("error.cantOpenBecause", { name: mask.name, reason: thrown.message })
          : t("batch.badMask", { name: mask.name }),
      );
    });
}

function updateImage(id: number, changes: Partial<BatchImage>): void {
  set(({ images }) => ({
    images: images.map((image) => (image.id === id ? { ...image, ...changes } : image)),
  }));
}

/** Returns true if an image has a mask, or a plugin makes it. */
export function hasMask(image: BatchImage, batch: BatchState): boolean {
  return isPluginRule(batch.rule) || maskOf(image, batch) !== null;
}

/** Returns an image's mask file according to the batch's rule. */
export function maskOf(image: BatchImage, { rule, mask, masks }: BatchState): BatchMask | null {
  return rule === "one" ? mask : maskFor(image.file.name, masks);
}

export function addImages(files: readonly File[]): void {
  const added = files.map((file): BatchImage => ({
    id: ++lastId,
    file,
    state: "ready",
    selecting: false,
    progress: null,
    failure: null,
    result: null,
    unchanged: false,
    saved: null,
  }));
  set(({ images }) => ({ images: [...images, ...added] }));
}

export function addMasks(files: readonly File[]): void {
  const added = files.map((file): BatchMask => ({ id: ++lastId, name: file.name, blob: file }));
  // Files replace a plugin's masks.
  if (isPluginRule(get().rule)) setRule(files.length === 1 ? "one" : "each");
  set(({ rule, masks }) => (rule === "one" ? { mask: added[0] ?? null } : { masks: [...masks, ...added] }));
}

export function setRule(rule: BatchState["rule"]): void {
  set({ rule });
}

export function setTarget(target: BatchState["target"]): void {
  set({ target });
}

export function removeImage(id: number): void {
  runner.cancel(id);
  set(({ images }) => ({ images: images.filter((image) => image.id !== id) }));
}

/** Removes all images and masks. */
export function clear(): void {
  runner.cancelAll();
  set({ images: [], mask: null, masks: [] });
}

/** Queues every image that isn't filled yet. */
export function start(): void {
  runner.add(
    get()
      .images.filter(({ state }) => state !== "done")
      .map(({ id }) => id),
  );
}

export function retry(id: number): void {
  runner.add([id]);
}

export function cancel(id: number): void {
  runner.cancel(id);
}

export function cancelAll(): void {
  runner.cancelAll();
}

/** Downloads the results as an archive, or as several if one would be too large. */
export async function downloadResults(): Promise<void> {
  const filled = get().images.flatMap(({ file, result }) => (result ? [{ name: file.name, result }] : []));
  const names = uniqueNames(filled.map(({ name, result }) => resultName(name, result.type)));
  const entries = filled.map(({ result }, at): ZipEntry => ({ name: names[at] ?? "", blob: result }));
  set({ packing: true });
  try {
    const parts = partition(entries, ARCHIVE_LIMIT);
    for (const [at, part] of parts.entries()) {
      const archive = await batchWorker().zip(part, new Date());
      triggerDownload(archive, parts.length > 1 ? `iopaint-${at + 1}.zip` : "iopaint.zip");
    }
  } finally {
    set({ packing: false });
  }
}
