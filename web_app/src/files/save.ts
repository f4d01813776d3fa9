import { queryClient } from "../api/queries";
import { saveOnServer } from "../api/save";
import { exportName, exportType, type ExportType } from "../core/exportFile";
import { downloadMask, encode } from "../editor/commands/session";
import { enqueue } from "../editor/commands/queue";
import { reportErrors } from "../editor/commands/reportErrors";
import { useEditor } from "../editor/store";
import { t } from "../i18n";
import type { Settings } from "../settings/settings";
import { useSettings } from "../settings/store";
import { download } from "../ui/download";
import { notify } from "../ui/kit/toast";

/** The names that pictures got on the server: saved again, a picture takes its own file's place. */
const saved = new WeakMap<Blob, Map<string, string>>();

/** Saves the picture as the settings say: in the server's output folder where it has one, else as a download. */
export async function savePicture(): Promise<void> {
  const { picture, server } = useEditor.getState();
  if (!picture) return;
  const settings = useSettings.getState();
  const type = typeOf(settings, picture.file.type);
  const done = await reportErrors(async () => {
    const blob = await enqueue(() => encode(type, settings.saveQuality / 100));
    // A browser that can't write the type answers with a PNG.
    const name = exportName(picture.name, blob.type === type ? type : "image/png");
    if (server?.enableAutoSaving) await saveInFolder(picture.file, name, blob);
    else download(blob, name);
  });
  if (done && settings.downloadMask) await downloadMask();
}

function typeOf({ saveFormat }: Settings, own: string): ExportType {
  return saveFormat === "same" ? exportType(own) : `image/${saveFormat}`;
}

async function saveInFolder(file: Blob, name: string, blob: Blob): Promise<void> {
  const names = saved.get(file) ?? new Map<string, string>();
  const before = names.get(name);
  const now = await saveOnServer(before ?? name, blob, { overwrite: before !== undefined });
  saved.set(file, names.set(name, now));
  notify({ kind: "good", text: t("notice.saved", { name: now }) });
  await queryClient.invalidateQueries({ queryKey: ["medias", "output"] });
}
