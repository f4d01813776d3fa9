import { UserError } from "../../api/errors";
import { inpaint } from "../../api/inpaint";
import type { AutoStrategy } from "../../api/queries";
import type { Box, Point } from "../../core/geometry";
import type { AutoPlanner, HdOptions } from "../../core/region";
import { t } from "../../i18n";
import { maskReach, requestOptions, type Settings } from "../../settings/settings";
import { useSettings } from "../../settings/store";
import { documentWorker } from "../document/client";
import type { FillUpload } from "../document/documentSession";
import { useEditor, type Job, type ServerConfig } from "../store";
import { followJob, runJob } from "./job";
import { mergeFillWithMaskEdits, recordStep } from "./record";
import { enqueue } from "./queue";

const { getState: get, setState: set } = useEditor;

/** Fills the hole on the server. The mask is kept if the job fails or is cancelled. */
export async function runFill(): Promise<void> {
  const { image, job: running, hole } = get();
  if (!image || running || !hole) return;
  await runJob("fill", execute);
}

async function execute({ id, startedAt, abort: { signal } }: Job): Promise<void> {
  const worker = documentWorker();
  const settings = useSettings.getState();
  const upload = await enqueue(() => worker.encodeUpload(hdOptions(settings, get().server)));
  signal.throwIfAborted();
  if (!upload) return;
  const unfollow = followJob(id);
  try {
    const { png, box } = await inpaint(
      { ...upload, options: optionsFor(upload, settings), jobId: id },
      signal,
    );
    await enqueue(async () => {
      signal.throwIfAborted();
      const change = await worker
        .applyFill(png, offsetBy(box, upload.box), settings.maskGrowth === 0)
        .catch(() => {
          throw new UserError(t("error.responseUnreadable"));
        });
      recordStep(change, "fill");
      set({ hasPreviousFill: true, lastFillMs: performance.now() - startedAt });
      if (!settings.manual) await mergeFillWithMaskEdits();
    });
  } finally {
    unfollow();
  }
}

function hdOptions(settings: Settings, server: ServerConfig | null): HdOptions {
  const { strategy, cropTrigger, cropMargin, resizeLimit } = settings;
  const auto = autoPlanner(server?.autoStrategy);
  return {
    strategy,
    trigger: cropTrigger,
    margin: cropMargin,
    limit: resizeLimit,
    auto,
    growth: maskReach(settings),
  };
}

/**
 * Returns the parameters of the server's planner; null if it has no model, or reports none as IOPaint does.
 */
function autoPlanner(strategy: AutoStrategy | undefined): AutoPlanner | null {
  if (!strategy || typeof strategy.max_hole_depth_px !== "number") return null;
  return {
    maxWholeSide: strategy.max_whole_side_px,
    context: strategy.context_px,
    maxHoleDepth: strategy.max_hole_depth_px,
  };
}

function optionsFor({ forceCrop }: FillUpload, settings: Settings) {
  return { ...requestOptions(settings), ...(forceCrop && { hd_strategy_crop_trigger_size: 0 }) };
}

function offsetBy(box: Box, offset: Point): Box {
  return { ...box, x: box.x + offset.x, y: box.y + offset.y };
}
