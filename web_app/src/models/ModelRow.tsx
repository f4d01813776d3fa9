import { Check, Download, LoaderCircle } from "lucide-react";
import { errorMessage } from "../api/errors";
import type { ModelEvent } from "../api/events";
import { useCurrentModel, useDownloadModel, useSwitchModel } from "../api/queries";
import type { components } from "../api/schema";
import { useLanguage, useT } from "../i18n";
import { Button, notify, Progress } from "../ui/kit";
import { formatBytes } from "./formatBytes";

type Model = components["schemas"]["KnownModel"];

interface ModelRowProps {
  model: Model;
  download: ModelEvent | undefined;
  /** True if the server doesn't allow switching models. */
  fixed: boolean;
}

/** A model with its size, licence and state, and a button to download or use it. */
export function ModelRow({ model, download, fixed }: ModelRowProps) {
  const t = useT();
  const language = useLanguage();
  const downloading = download?.state === "downloading" || model.state === "downloading";
  const details = [
    model.name === model.title ? null : model.name,
    model.bytes === null || model.bytes === 0 ? null : formatBytes(model.bytes, language),
    model.licence?.replaceAll("LicenseRef-", "") ?? t("models.noLicence"),
  ].filter((detail) => detail !== null);
  return (
    <li className="flex min-h-14 items-center gap-4 border-b border-line py-2 last:border-0">
      <div className="min-w-0 flex-1">
        <h4 className="truncate text-sm font-medium">{model.title}</h4>
        {downloading ? (
          <DownloadProgress model={model} download={download} />
        ) : (
          <p className="text-xs text-soft">{details.join(" · ")}</p>
        )}
      </div>
      {!downloading && <ModelButton model={model} fixed={fixed} />}
    </li>
  );
}

function DownloadProgress({ model, download }: { model: Model; download: ModelEvent | undefined }) {
  const t = useT();
  const language = useLanguage();
  const done = download?.bytes ?? model.downloaded ?? 0;
  const total = download?.total ?? model.bytes;
  return (
    <>
      <p className="pb-1 text-xs text-soft tabular-nums">
        {total === null
          ? t("models.downloading", { done: formatBytes(done, language) })
          : t("models.downloadingOf", {
              done: formatBytes(done, language),
              total: formatBytes(total, language),
            })}
      </p>
      <Progress
        label={t("model.download", { name: model.title })}
        value={total === null ? null : done}
        max={total ?? 1}
      />
    </>
  );
}

function reportError(thrown: unknown): void {
  notify({ kind: "error", text: errorMessage(thrown) });
}

function ModelButton({ model, fixed }: { model: Model; fixed: boolean }) {
  const t = useT();
  const { data: current } = useCurrentModel();
  const switching = useSwitchModel();
  const starting = useDownloadModel();
  if (current?.name === model.name)
    return (
      <span className="flex items-center gap-1 px-3 text-sm text-good">
        <Check aria-hidden="true" size={16} />
        {t("models.inUse")}
      </span>
    );
  if (fixed) return null;
  if (model.state === "absent")
    return model.downloadable ? (
      <Button
        aria-label={t("models.downloadOne", { name: model.title })}
        disabled={starting.isPending}
        icon={<Download aria-hidden="true" size={16} />}
        onClick={() => {
          starting.mutate(model.name, { onError: reportError });
        }}
      >
        {t("models.download")}
      </Button>
    ) : (
      <span className="px-3 text-sm text-soft">{t("models.unavailable")}</span>
    );
  // The model of a plugin is selected in the settings.
  if (model.task !== "inpaint")
    return (
      <span className="px-3 text-sm text-soft">
        {t(model.state === "builtin" ? "models.builtin" : "models.installed")}
      </span>
    );
  return (
    <Button
      aria-label={t("models.useOne", { name: model.title })}
      disabled={switching.isPending}
      icon={switching.isPending && <LoaderCircle aria-hidden="true" size={16} className="animate-spin" />}
      onClick={() => {
        switching.mutate(model.name, { onError: reportError });
      }}
    >
      {t("models.use")}
    </Button>
  );
}
