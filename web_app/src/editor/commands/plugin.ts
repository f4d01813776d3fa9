import { UserError } from "../../api/errors";
import { newJobId } from "../../api/jobId";
import { runPlugin, type PluginCall } from "../../api/plugins";
import { t } from "../../i18n";
import { notify } from "../../ui/kit/toast";
import { theDesk } from "../document/client";
import type { Done } from "../document/desk";
import { useEditor, type Job, type Step, type StepKind } from "../store";
import type { Click } from "../tools/tool";
import { record } from "./record";
import { open } from "./session";
import { travel } from "./travel";
import { attempt, inTurn } from "./turn";

/** The plugin that finds an object by clicks on it, by its name in IOPaint's API. */
export const SELECTING_PLUGIN = "InteractiveSeg";

const { getState: get, setState: set } = useEditor;

/** Has a plugin make a mask of what it finds in the picture. */
export async function maskByPlugin(name: string): Promise<void> {
  await work({ name, result: "mask" }, (answer) => takeUp(() => theDesk().importMask(answer), "mask"));
}

/** Has a plugin make another picture of this one, so many times larger where it can do that. */
export async function applyPlugin(name: string, scale?: number): Promise<void> {
  await work({ name, result: "image", ...(scale && { scale }) }, async (answer) => {
    if (await theDesk().fits(answer)) {
      await takeUp(() => theDesk().replacePicture(answer), "plugin");
      return;
    }
    // Steps of another size don't fit it.
    const file = new File([answer], get().picture?.name ?? name, { type: answer.type });
    await open(file);
    notify({ kind: "info", text: t("plugin.opened", { name }) });
  });
}

/** The clicks on one object, and the step of the history that shows what they found. */
interface Selection {
  readonly clicks: NonNullable<PluginCall["clicks"]>;
  readonly step: Step | undefined;
}

let selection: Selection | null = null;

/** Masks the object at a place, or takes the place out of what the clicks before found. */
export async function selectAt({ at: { x, y }, inside, another }: Click): Promise<void> {
  // Once something else was done, a click means another object.
  const before = !another && selection?.step === get().history.past.at(-1) ? selection : null;
  const clicks = [...(before?.clicks ?? []), [Math.round(x), Math.round(y), inside ? 1 : 0] as const];
  const found = await work({ name: SELECTING_PLUGIN, result: "mask", clicks }, (answer) =>
    takeUp(async () => {
      if (before?.step) await travel("back");
      return theDesk().addToMask(answer);
    }, "mask"),
  );
  if (found) selection = { clicks, step: get().history.past.at(-1) };
}

/** Sends the picture to a plugin and does something with its answer; whether that worked. */
async function work(
  call: Omit<PluginCall, "image">,
  take: (answer: Blob) => Promise<void>,
): Promise<boolean> {
  const { picture, job } = get();
  if (!picture || job) return false;
  const abort = new AbortController();
  const mine: Job = {
    id: newJobId(),
    since: performance.now(),
    abort,
    plugin: call.name,
    progress: { state: "running", position: null, crop: null, crops: null },
  };
  set({ job: mine, took: null });
  const worked = await attempt(async () => {
    const image = await inTurn(() => theDesk().encodePng());
    const answer = await runPlugin({ ...call, image }, abort.signal);
    abort.signal.throwIfAborted();
    set({ job: null });
    await take(answer);
  });
  if (get().job?.id === mine.id) set({ job: null });
  return worked;
}

async function takeUp(change: () => Promise<Done | null>, kind: StepKind): Promise<void> {
  await inTurn(async () => {
    const done = await change().catch(() => {
      throw new UserError(t("error.answerUnreadable"));
    });
    if (done) record(done, kind);
  });
}
