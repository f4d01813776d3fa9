import { errorMessage } from "../api/errors";
import { patchFile } from "../api/patchFile";
import { queryClient } from "../api/queries";
import { saveOnServer } from "../api/save";
import { exportName, type ExportType } from "../core/exportFile";
import { downloadMask, encode } from "../editor/commands/session";
import { enqueue } from "../editor/commands/queue";
import { documentWorker } from "../editor/document/client";
import { useEditor, type EditorState } from "../editor/store";
import { t } from "../i18n";
import { outputType, type Settings } from "../settings/settings";
import { useSettings } from "../settings/store";
import { triggerDownload } from "../editor/triggerDownload";
import { notify } from "../ui/kit/toast";

/**
 * Server-side names by source file and requested name, so that saving again overwrites the page's own file.
 */
const savedNames = new WeakMap<Blob, Map<string, string>>();

/**
 * Returns true if the image is saved in the JPEG that was opened, of which only changed blocks are encoded:
 * the format is the opened one, and the size is unchanged.
 */
export function keepsOpenedJpeg(
  { image, hasTransparency }: Pick<EditorState, "image" | "hasTransparency">,
  settings: Settings,
): boolean {
  if (!image || settings.saveFormat !== "same") return false;
  const { width, height, openedSize } = image;
  const isOpenedSize = width === openedSize.width && height === openedSize.height;
  return isOpenedSize && outputType(settings, image.file.type, hasTransparency) === "image/jpeg";
}

/**
 * Saves the image in the configured format, to the server's output folder if it has one, otherwise as a
 * download. A failed save can be repeated.
 */
export async function saveImage(): Promise<void> {
  const { image, server, hasTransparency } = useEditor.getState();
  if (!image) return;
  const settings = useSettings.getState();
  const type = outputType(settings, image.file.type, hasTransparency);
  try {
    const patched = keepsOpenedJpeg(useEditor.getState(), settings) ? await patchedJpeg() : null;
    const blob = patched ?? (await enqueue(() => encode(type, settings.saveQuality / 100)));
    // Browsers encode unsupported types as PNG.
    const name = exportName(image.name, blob.type === type ? type : "image/png");
    if (server?.enableAutoSaving) await saveInFolder(image.file, name, blob);
    else triggerDownload(blob, name);
  } catch (thrown) {
    const action = { label: t("common.retry"), run: () => void saveImage() };
    notify({ kind: "error", text: errorMessage(thrown), action });
    return;
  }
  if (settings.downloadMask) await downloadMask();
}

/** Returns the opened JPEG with all changes; null if the opened file is of another format. */
async function patchedJpeg(): Promise<Blob | null> {
  const changes = await enqueue(() => documentWorker().jpegChanges());
  if (!changes?.change) return changes?.file ?? null;
  const { file, reencodedQuality } = await patchFile({ file: changes.file, ...changes.change });
  if (reencodedQuality !== null)
    notify({ kind: "info", text: t("notice.reencoded", { quality: String(reencodedQuality) }) });
  return new Blob([file], { type: "image/jpeg" satisfies ExportType });
}

async function saveInFolder(file: Blob, name: string, blob: Blob): Promise<void> {
  const names = savedNames.get(file) ?? new Map<string, string>();
  const previous = names.get(name);
  const savedName = await saveOnServer(previous ?? name, blob, { overwrite: previous !== undefined });
  savedNames.set(file, names.set(name, savedName));
  notify({ kind: "success", text: t("notice.saved", { name: savedName }) });
  await queryClient.invalidateQueries({ queryKey: ["medias", "output"] });
}
