import { errorMessage } from "../api/errors";
import { useModels, useServerConfig } from "../api/queries";
import { useT } from "../i18n";
import { Button, Dialog } from "../ui/kit";
import { isFillModel } from "./isFillModel";
import { ModelRow } from "./ModelRow";
import { useDownloads } from "./useDownloads";

/** Lists all models: the current one, the installed ones and those available for download. */
export default function ModelsDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const models = useModels();
  const { data: server } = useServerConfig();
  const downloads = useDownloads();
  const fixed = server?.disableModelSwitch === true;
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("models.title")}
      description={fixed ? t("models.fixed") : undefined}
    >
      {models.isPending && <p role="status">{t("common.loading")}</p>}
      {models.error && (
        <div className="flex flex-col items-start gap-3">
          <p role="alert" className="text-sm text-bad">
            {errorMessage(models.error)}
          </p>
          <Button onClick={() => void models.refetch()}>{t("common.retry")}</Button>
        </div>
      )}
      <ul>
        {models.data?.filter(isFillModel).map((model) => (
          <ModelRow key={model.name} model={model} download={downloads.get(model.name)} fixed={fixed} />
        ))}
      </ul>
    </Dialog>
  );
}
