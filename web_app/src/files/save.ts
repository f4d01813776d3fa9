import { queryClient } from "../api/queries";
import { saveOnServer } from "../api/save";
import { exportName } from "../core/exportFile";
import { downloadMask, encode } from "../editor/commands/session";
import { enqueue } from "../editor/commands/queue";
import { reportErrors } from "../editor/commands/reportErrors";
import { useEditor } from "../editor/store";
import { t } from "../i18n";
import { outputType } from "../settings/settings";
import { useSettings } from "../settings/store";
import { triggerDownload } from "../editor/triggerDownload";
import { notify } from "../ui/kit/toast";

/**
 * Server-side names by source file and requested name, so that saving again overwrites the page's own file.
 */
const savedNames = new WeakMap<Blob, Map<string, string>>();

/**
 * Saves the image in the configured format, to the server's output folder if it has one, otherwise as a
 * download.
 */
export async function saveImage(): Promise<void> {
  const { image, server, hasTransparency } = useEditor.getState();
  if (!image) return;
  const settings = useSettings.getState();
  const type = outputType(settings, image.file.type, hasTransparency);
  const done = await reportErrors(async () => {
    const blob = await enqueue(() => encode(type, settings.saveQuality / 100));
    // Browsers encode unsupported types as PNG.
    const name = exportName(image.name, blob.type === type ? type : "image/png");
    if (server?.enableAutoSaving) await saveInFolder(image.file, name, blob);
    else triggerDownload(blob, name);
  });
  if (done && settings.downloadMask) await downloadMask();
}

async function saveInFolder(file: Blob, name: string, blob: Blob): Promise<void> {
  const names = savedNames.get(file) ?? new Map<string, string>();
  const previous = names.get(name);
  const savedName = await saveOnServer(previous ?? name, blob, { overwrite: previous !== undefined });
  savedNames.set(file, names.set(name, savedName));
  notify({ kind: "success", text: t("notice.saved", { name: savedName }) });
  await queryClient.invalidateQueries({ queryKey: ["medias", "output"] });
}
