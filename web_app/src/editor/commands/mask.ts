import { adds, type MaskEdit } from "../../core/edits";
import { isUserError, UserError } from "../../api/errors";
import { t } from "../../i18n";
import { useSettings } from "../../settings/store";
import { theDesk } from "../document/client";
import { useEditor, type StepKind } from "../store";
import { run } from "./fill";
import { record } from "./record";
import { attempt, inTurn } from "./turn";

const { getState: get, setState: set } = useEditor;

/** Takes what a tool drew; in automatic mode the hole is filled at once. Resolves when the mask shows it. */
export async function draw(edit: MaskEdit, kind: StepKind): Promise<void> {
  const changed = await change(edit, kind);
  if (changed && adds(edit) && !useSettings.getState().manual) void run();
}

/** Changes the mask; whether that changed anything. */
export async function change(edit: MaskEdit, kind: StepKind = "mask"): Promise<boolean> {
  if (!canChange()) return false;
  return inTurn(async () => {
    const done = await theDesk().edit(edit);
    if (done) record(done, kind);
    return done !== null;
  });
}

/** Reads the mask from a file, to be edited on. */
export async function importMask(file: Blob): Promise<void> {
  if (!canChange()) return;
  await attempt(() =>
    inTurn(async () => {
      const done = await theDesk()
        .importMask(file)
        .catch((thrown: unknown) => {
          throw new UserError(isUserError(thrown) ? thrown.message : t("error.maskUnreadable"));
        });
      if (done) record(done, "mask");
    }),
  );
}

/** Makes a mask of the picture's own transparency. */
export async function maskFromOpacity(): Promise<void> {
  if (!canChange()) return;
  await attempt(() =>
    inTurn(async () => {
      const done = await theDesk().maskFromOpacity();
      if (done) record(done, "mask");
    }),
  );
}

/** Fills the hole of the last fill once more. */
export async function runAgain(): Promise<void> {
  if (!canChange() || !get().filledBefore) return;
  const ready = await attempt(() =>
    inTurn(async () => {
      const done = await theDesk().repeatMask();
      if (done) record(done, "mask");
    }),
  );
  if (ready) await run();
}

export function setDrawing(drawing: boolean): void {
  set({ drawing });
}

/** While a fill is under way its hole must stay what it is. */
function canChange(): boolean {
  const { picture, job } = get();
  return picture !== null && job === null;
}
