import { inpaint } from "../api/inpaint";
import { isAbort, sentenceOf, UserError } from "../api/errors";
import { exportName, type ExportType } from "../core/files";
import { clamp } from "../core/geometry";
import { EMPTY_HISTORY, redo, undo, type History } from "../core/history";
import { holeBox, rasterize, type Stroke } from "../core/mask";
import { encodeGrayPng } from "../core/png";
import { addPatch, addStroke, pendingStrokes, type Step } from "../core/steps";
import { applyPng, encodePicture, openPicture, putPatch } from "./picture";
import { useEditor } from "./store";

export const SMALLEST_BRUSH = 4;
export const LARGEST_BRUSH = 200;

const { getState: get, setState: set } = useEditor;

function fail(thrown: unknown): void {
  set({ notice: { kind: "error", text: sentenceOf(thrown) } });
}

export function dismissNotice(): void {
  set({ notice: null });
}

/** Opens a file in place of the current picture, which stays where the file can't be opened. */
export async function open(file: File): Promise<void> {
  set({ opening: true, notice: null });
  try {
    const picture = await openPicture(file);
    cancel();
    get().picture?.original.close();
    set({ picture, revision: 0, history: EMPTY_HISTORY, tool: "paint", comparing: false, took: null });
  } catch (thrown) {
    fail(thrown);
  } finally {
    set({ opening: false });
  }
}

/** Opens one of the pictures that come with the page. */
export async function openSample(name: string): Promise<void> {
  try {
    const response = await fetch(`samples/${name}`);
    if (!response.ok) throw new UserError("The sample is missing.");
    await open(new File([await response.blob()], name, { type: "image/jpeg" }));
  } catch (thrown) {
    fail(thrown);
  }
}

export function setBrush(size: number): void {
  set({ brush: clamp(Math.round(size), SMALLEST_BRUSH, LARGEST_BRUSH) });
}

export function setManual(manual: boolean): void {
  set(manual ? { manual } : { manual, tool: "paint" });
}

export function setTool(tool: "paint" | "erase"): void {
  set({ tool });
}

export function setComparing(comparing: boolean): void {
  set({ comparing });
}

/** Takes a finished stroke; in automatic mode the hole is filled at once. */
export function endStroke(stroke: Stroke): void {
  const { picture, job, manual } = get();
  if (!picture || job || !holeBox(rasterize([{ ...stroke, mode: "paint" }], picture))) return;
  set(({ history }) => ({ history: addStroke(history, stroke), took: null }));
  if (!manual) void run();
}

/** Has the server fill what the waiting strokes cover. They go on waiting where it fails or is cancelled. */
export async function run(): Promise<void> {
  const { picture, history, job } = get();
  const strokes = pendingStrokes(history);
  if (!picture || job || strokes.length === 0) return;
  const mask = rasterize(strokes, picture);
  if (!holeBox(mask)) {
    set({ notice: { kind: "info", text: "Everything painted was erased: there is nothing to fill." } });
    return;
  }
  const abort = new AbortController();
  const mine = { since: performance.now(), abort };
  set({ job: mine, notice: null, took: null });
  try {
    const [image, holes] = await Promise.all([encodePicture(picture, "image/png"), encodeGrayPng(mask)]);
    const { box, png } = await inpaint(image, holes, picture, abort.signal);
    abort.signal.throwIfAborted();
    const patch = await applyPng(picture, box, png);
    if (get().job !== mine) {
      // Cancelled at the last moment: the stroke still waits, so its pixels must not have changed.
      putPatch(picture, patch, "before");
      return;
    }
    const before = get().history;
    const after = addPatch(before, patch);
    set(({ revision }) => ({
      revision: revision + 1,
      history: after,
      took: performance.now() - mine.since,
      notice: forgotten(before, after, strokes.length)
        ? {
            kind: "info",
            text: "The oldest steps can't be undone any more; compare still shows the original.",
          }
        : null,
    }));
  } catch (thrown) {
    if (!isAbort(thrown)) fail(thrown);
  } finally {
    if (get().job === mine) set({ job: null });
  }
}

/** Whether steps were let go: all but the strokes should still be there, and the fill. */
function forgotten(before: History<Step>, after: History<Step>, strokes: number): boolean {
  return after.past.length < before.past.length - strokes + 1;
}

/** Stops the fill under way. */
export function cancel(): void {
  get().job?.abort.abort();
  set({ job: null });
}

export function undoStep(): void {
  travel("before");
}

export function redoStep(): void {
  travel("after");
}

function travel(side: "before" | "after"): void {
  const { picture, history, job } = get();
  const moved = side === "before" ? undo(history) : redo(history);
  if (!picture || job || !moved) return;
  const [next, step] = moved;
  if (step.kind === "patch") putPatch(picture, step.patch, side);
  set(({ revision }) => ({ history: next, revision: revision + 1, took: null }));
}

/** Hands the working pixels to the browser as a download. */
export async function save(type: ExportType): Promise<void> {
  const { picture } = get();
  if (!picture) return;
  try {
    const blob = await encodePicture(picture, type);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    // A browser that can't write the type answers with a PNG.
    link.download = exportName(picture.name, blob.type === type ? type : "image/png");
    link.click();
    // The download has its own hold on the bytes once it began; a minute is ample for that.
    setTimeout(() => {
      URL.revokeObjectURL(link.href);
    }, 60_000);
  } catch (thrown) {
    fail(thrown);
  }
}
