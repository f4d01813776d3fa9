import { UserError } from "../../api/errors";
import { inpaint } from "../../api/inpaint";
import { newJobId } from "../../api/jobId";
import type { Box } from "../../core/geometry";
import { t } from "../../i18n";
import { requestOptions, type Settings } from "../../settings/settings";
import { useSettings } from "../../settings/store";
import { theDesk } from "../document/client";
import type { FillRequest } from "../document/desk";
import { useEditor, type Job, type JobProgress } from "../store";
import { followJob, tellCancelled } from "./job";
import { mergeWithMask, record } from "./record";
import { attempt, inTurn } from "./turn";

const { getState: get, setState: set } = useEditor;

const PREPARING: JobProgress = { state: "preparing", position: null, crop: null, crops: null };

/** Has the server fill the hole. The mask stays where it fails or is cancelled. */
export async function run(): Promise<void> {
  const { picture, job, hole } = get();
  if (!picture || job || !hole) return;
  const mine: Job = {
    id: newJobId(),
    since: performance.now(),
    abort: new AbortController(),
    progress: PREPARING,
  };
  set({ job: mine, took: null });
  await attempt(() => fill(mine));
  if (get().job?.id === mine.id) set({ job: null });
}

/** Stops the fill under way. */
export function cancel(): void {
  const { job } = get();
  if (!job) return;
  job.abort.abort();
  set({ job: null });
  void tellCancelled(job.id);
}

async function fill({ id, since, abort: { signal } }: Job): Promise<void> {
  const desk = theDesk();
  const settings = useSettings.getState();
  const request = await inTurn(() => desk.request(hdOptions(settings)));
  signal.throwIfAborted();
  if (!request) return;
  const unfollow = followJob(id);
  try {
    const { png, box } = await inpaint(
      { ...request, options: optionsFor(request, settings), job: id },
      signal,
    );
    await inTurn(async () => {
      signal.throwIfAborted();
      const done = await desk.fill(png, moved(box, request.box)).catch(() => {
        throw new UserError(t("error.answerUnreadable"));
      });
      record(done, "fill");
      set({ filledBefore: true, took: performance.now() - since });
      if (!settings.manual) await mergeWithMask();
    });
  } finally {
    unfollow();
  }
}

function hdOptions({ strategy, cropTrigger, cropMargin, resizeLimit }: Settings) {
  return { strategy, trigger: cropTrigger, margin: cropMargin, limit: resizeLimit };
}

function optionsFor({ forceCrop }: FillRequest, settings: Settings) {
  return { ...requestOptions(settings), ...(forceCrop && { hd_strategy_crop_trigger_size: 0 }) };
}

function moved(box: Box, by: Box): Box {
  return { ...box, x: box.x + by.x, y: box.y + by.y };
}
