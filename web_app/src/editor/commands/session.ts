import { isUserError, UserError } from "../../api/errors";
import type { ExportType } from "../../core/exportFile";
import { joinName } from "../../core/fileName";
import { EMPTY_HISTORY } from "../../core/history";
import { t } from "../../i18n";
import { documentWorker } from "../document/client";
import { notify } from "../notifications";
import { useEditor } from "../store";
import { triggerDownload } from "../triggerDownload";
import { cancelJob } from "./job";
import { enqueue } from "./queue";
import { replaceHistory } from "./record";
import { reportErrors } from "./reportErrors";

const { getState: get, setState: set } = useEditor;

/** Opens a file; keeps the current image if that fails. */
export async function open(file: File): Promise<void> {
  set({ opening: true });
  cancelJob();
  await reportErrors(() =>
    enqueue(async () => {
      const { hasTransparency, ...opened } = await documentWorker()
        .open(file, matchMedia("(color-gamut: p3)").matches ? "display-p3" : "srgb")
        .catch((thrown: unknown) => {
          throw new UserError(
            isUserError(thrown)
              ? t("error.cantOpenBecause", { name: file.name, reason: thrown.message })
              : t("error.cantOpen", { name: file.name }),
          );
        });
      replaceHistory(EMPTY_HISTORY);
      set({
        image: {
          name: file.name,
          file,
          ...opened,
          openedSize: { width: opened.width, height: opened.height },
        },
        hole: null,
        hasTransparency,
        fitted: true,
        prompt: null,
        hasPreviousFill: false,
        drawing: false,
        comparing: false,
        divider: null,
        lastFillMs: null,
      });
    }),
  );
  set({ opening: false });
}

/** Opens one of the page's sample images. */
export async function openSample(name: string): Promise<void> {
  await reportErrors(async () => {
    const response = await fetch(`samples/${name}`);
    if (!response.ok) throw new UserError(t("error.sampleMissing"));
    await open(new File([await response.blob()], name, { type: "image/jpeg" }));
  });
}

/** Encodes the current image; `quality` from 0 to 1 applies to lossy formats. */
export async function encode(type: ExportType, quality: number): Promise<Blob> {
  const worker = documentWorker();
  const encoded = type === "image/png" ? worker.encodePng() : worker.encodeLossy(type, quality);
  return encoded.catch(() => {
    throw new UserError(t("error.tooLittleMemory"));
  });
}

/** Returns the mask as a PNG file (white is filled); null without an image. */
export async function maskFile(): Promise<File | null> {
  const { image } = get();
  if (!image) return null;
  const blob = await enqueue(() => documentWorker().exportMask());
  return new File([blob], joinName(image.name.replace(/\.[^.]*$/, ""), "_mask.png"), { type: "image/png" });
}

/** Downloads the mask. */
export async function downloadMask(): Promise<void> {
  await reportErrors(async () => {
    const file = await maskFile();
    if (file) triggerDownload(file, file.name);
  });
}

/** Copies the image to the clipboard. */
export async function copy(): Promise<void> {
  if (!get().image) return;
  await reportErrors(async () => {
    const { clipboard } = navigator as Partial<Pick<Navigator, "clipboard">>;
    // The clipboard API exists in secure contexts only.
    if (!clipboard || typeof ClipboardItem === "undefined") throw new UserError(t("error.noClipboard"));
    const png = enqueue(() => documentWorker().encodePng());
    await clipboard.write([new ClipboardItem({ "image/png": png })]);
    notify({ kind: "success", text: t("notice.copied") });
  });
}
