import { isUserError, UserError } from "../../api/errors";
import { exportName, type ExportType } from "../../core/files";
import { joinName } from "../../core/fileName";
import { EMPTY_HISTORY } from "../../core/history";
import { t } from "../../i18n";
import { notify } from "../../ui/kit/toast";
import { theDesk } from "../document/client";
import { useEditor } from "../store";
import { cancel } from "./fill";
import { replaceHistory } from "./record";
import { attempt, inTurn } from "./turn";

const { getState: get, setState: set } = useEditor;

/** Opens a file in place of the current picture, which stays where the file can't be opened. */
export async function open(file: File): Promise<void> {
  set({ opening: true });
  cancel();
  await attempt(() =>
    inTurn(async () => {
      const opened = await theDesk()
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
        picture: { name: file.name, file, ...opened },
        hole: null,
        filledBefore: false,
        drawing: false,
        comparing: false,
        divider: null,
        took: null,
      });
    }),
  );
  set({ opening: false });
}

/** Opens one of the pictures that come with the page. */
export async function openSample(name: string): Promise<void> {
  await attempt(async () => {
    const response = await fetch(`samples/${name}`);
    if (!response.ok) throw new UserError(t("error.sampleMissing"));
    await open(new File([await response.blob()], name, { type: "image/jpeg" }));
  });
}

/** The picture as it is now; `quality` from 0 to 1 is for formats that lose some. */
export async function encode(type: ExportType, quality: number): Promise<Blob> {
  const desk = theDesk();
  const blob = await (type === "image/png" ? desk.encodePng() : desk.encodeLossy(type, quality)).catch(() => {
    throw new UserError(t("error.tooLittleMemory"));
  });
  return blob;
}

/** Hands the picture to the browser as a download. */
export async function download(type: ExportType, quality: number): Promise<void> {
  const { picture } = get();
  if (!picture) return;
  await attempt(async () => {
    const blob = await inTurn(() => encode(type, quality));
    // A browser that can't write the type answers with a PNG.
    handOver(blob, exportName(picture.name, blob.type === type ? type : "image/png"));
  });
}

/** The mask as a file of its own: white is filled. Null where no picture is open. */
export async function maskFile(): Promise<File | null> {
  const { picture } = get();
  if (!picture) return null;
  const blob = await inTurn(() => theDesk().exportMask());
  return new File([blob], joinName(picture.name.replace(/\.[^.]*$/, ""), "_mask.png"), { type: "image/png" });
}

/** Hands the mask to the browser as a download. */
export async function downloadMask(): Promise<void> {
  await attempt(async () => {
    const file = await maskFile();
    if (file) handOver(file, file.name);
  });
}

/** Puts the picture on the clipboard. */
export async function copy(): Promise<void> {
  if (!get().picture) return;
  await attempt(async () => {
    const { clipboard } = navigator as Partial<Pick<Navigator, "clipboard">>;
    // Browsers let only pages of secure origins at the clipboard.
    if (!clipboard || typeof ClipboardItem === "undefined") throw new UserError(t("error.noClipboard"));
    const png = inTurn(() => theDesk().encodePng());
    await clipboard.write([new ClipboardItem({ "image/png": png })]);
    notify({ kind: "good", text: t("notice.copied") });
  });
}

function handOver(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The download has its own hold on the bytes once it began; a minute is ample for that.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
}
