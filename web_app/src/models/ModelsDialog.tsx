import { errorMessage } from "../api/errors";
import { useModels, useServerConfig } from "../api/queries";
import { useT } from "../i18n";
import { Button, Dialog } from "../ui/kit";
import { groupByTask } from "./groupByTask";
import { ModelRow } from "./ModelRow";
import { useDownloads } from "./useDownloads";

/** Lists all models by task: the current one, the installed ones and those available for download. */
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
      {groupByTask(models.data ?? []).map((group) => (
        <section key={group.task} className="pb-4 last:pb-0">
          <h3 id={`models-${group.task}`} className="pt-1 text-sm font-semibold">
            {t(`models.task.${group.task}`)}
          </h3>
          <ul aria-labelledby={`models-${group.task}`}>
            {group.models.map((model) => (
              <ModelRow key={model.name} model={model} download={downloads.get(model.name)} fixed={fixed} />
            ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}
