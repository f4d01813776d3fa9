import { Check, Download, LoaderCircle } from "lucide-react";
import { errorMessage } from "../api/errors";
import type { ModelEvent } from "../api/events";
import { useCurrentModel, useDownloadModel, useSwitchModel } from "../api/queries";
import type { components } from "../api/schema";
import { useLanguage, useT } from "../i18n";
import { Button, notify, Progress } from "../ui/kit";
import { sizeText } from "./size";

type Model = components["schemas"]["KnownModel"];

interface ModelRowProps {
  model: Model;
  download: ModelEvent | undefined;
  /** Whether the server keeps its model. */
  fixed: boolean;
}

/** A model: what it is, whether it is here, and what can be done with it. */
export function ModelRow({ model, download, fixed }: ModelRowProps) {
  const t = useT();
  const language = useLanguage();
  const arriving = download?.state === "downloading" || model.state === "downloading";
  const facts = [
    model.name === model.title ? null : model.name,
    model.bytes === null || model.bytes === 0 ? null : sizeText(model.bytes, language),
    model.licence ?? t("models.noLicence"),
  ].filter((fact) => fact !== null);
  return (
    <li className="flex min-h-14 items-center gap-4 border-b border-line py-2 last:border-0">
      <div className="min-w-0 flex-1">
        <h3 className="truncate text-sm font-medium">{model.title}</h3>
        {arriving ? (
          <Arriving model={model} download={download} />
        ) : (
          <p className="text-xs text-soft">{facts.join(" · ")}</p>
        )}
      </div>
      {!arriving && <ModelButton model={model} fixed={fixed} />}
    </li>
  );
}

function Arriving({ model, download }: { model: Model; download: ModelEvent | undefined }) {
  const t = useT();
  const language = useLanguage();
  const done = download?.bytes ?? model.downloaded ?? 0;
  const total = download?.total ?? model.bytes;
  return (
    <>
      <p className="pb-1 text-xs text-soft tabular-nums">
        {total === null
          ? t("models.arriving", { done: sizeText(done, language) })
          : t("models.arrivingOf", { done: sizeText(done, language), total: sizeText(total, language) })}
      </p>
      <Progress
        label={t("model.download", { name: model.title })}
        value={total === null ? null : done}
        max={total ?? 1}
      />
    </>
  );
}

function tell(thrown: unknown): void {
  notify({ kind: "error", text: errorMessage(thrown) });
}

function ModelButton({ model, fixed }: { model: Model; fixed: boolean }) {
  const t = useT();
  const { data: current } = useCurrentModel();
  const change = useSwitchModel();
  const fetching = useDownloadModel();
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
        disabled={fetching.isPending}
        icon={<Download aria-hidden="true" size={16} />}
        onClick={() => {
          fetching.mutate(model.name, { onError: tell });
        }}
      >
        {t("models.download")}
      </Button>
    ) : (
      <span className="px-3 text-sm text-soft">{t("models.absent")}</span>
    );
  return (
    <Button
      aria-label={t("models.useOne", { name: model.title })}
      disabled={change.isPending}
      icon={change.isPending && <LoaderCircle aria-hidden="true" size={16} className="animate-spin" />}
      onClick={() => {
        change.mutate(model.name, { onError: tell });
      }}
    >
      {t("models.use")}
    </Button>
  );
}
