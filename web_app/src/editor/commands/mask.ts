import { isUserError, UserError } from "../../api/errors";
import { canAddToHole, type MaskEdit } from "../../core/edits";
import { t } from "../../i18n";
import { useSettings } from "../../settings/store";
import { documentWorker } from "../document/client";
import { useEditor, type StepKind } from "../store";
import { runFill } from "./fill";
import { enqueue } from "./queue";
import { recordStep } from "./record";
import { reportErrors } from "./reportErrors";

const { getState: get, setState: set } = useEditor;

/**
 * Applies an edit drawn with a tool, and fills the hole unless manual mode is on. Resolves once the mask
 * contains it.
 */
export async function applyDrawing(edit: MaskEdit, kind: StepKind): Promise<void> {
  const changed = await editMask(edit, kind);
  if (changed && canAddToHole(edit) && !useSettings.getState().manual) void runFill();
}

/** Applies an edit to the mask; returns true if a pixel changed. */
export async function editMask(edit: MaskEdit, kind: StepKind = "mask"): Promise<boolean> {
  if (!canEditMask()) return false;
  return enqueue(async () => {
    const change = await documentWorker().edit(edit);
    if (change) recordStep(change, kind);
    return change !== null;
  });
}

/** Replaces the mask by a mask file. */
export async function importMask(file: Blob): Promise<void> {
  if (!canEditMask()) return;
  await reportErrors(() =>
    enqueue(async () => {
      const change = await documentWorker()
        .importMask(file)
        .catch((thrown: unknown) => {
          throw new UserError(isUserError(thrown) ? thrown.message : t("error.maskUnreadable"));
        });
      if (change) recordStep(change, "mask");
    }),
  );
}

/** Replaces the mask by the image's transparent pixels. */
export async function maskFromOpacity(): Promise<void> {
  if (!canEditMask()) return;
  await reportErrors(() =>
    enqueue(async () => {
      const change = await documentWorker().maskFromOpacity();
      if (change) recordStep(change, "mask");
    }),
  );
}

/** Restores the mask of the last fill and fills it again. */
export async function repeatFill(): Promise<void> {
  if (!canEditMask() || !get().hasPreviousFill) return;
  const restored = await reportErrors(() =>
    enqueue(async () => {
      const change = await documentWorker().restoreLastMask();
      if (change) recordStep(change, "mask");
    }),
  );
  if (restored) await runFill();
}

export function setDrawing(drawing: boolean): void {
  set({ drawing });
}

/** The mask is read-only while a job runs. */
function canEditMask(): boolean {
  const { image, job } = get();
  return image !== null && job === null;
}
