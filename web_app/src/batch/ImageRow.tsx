import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  Download,
  ImageOff,
  LoaderCircle,
  RotateCw,
  X,
} from "lucide-react";
import { memo } from "react";
import { useT } from "../i18n";
import { triggerDownload } from "../editor/triggerDownload";
import { IconButton, Progress } from "../ui/kit";
import { resultName } from "./names";
import { cancel, removeImage, retry, type BatchImage } from "./store";

const ICON = { size: 16, "aria-hidden": true } as const;

/** An image of the batch with its state and its buttons. */
export const ImageRow = memo(function ImageRow({ image, hasMask }: { image: BatchImage; hasMask: boolean }) {
  const { file, state, progress } = image;
  const crops = progress?.crops ?? 0;
  return (
    <li className="flex min-h-12 items-center gap-3 border-b border-line py-1 [contain-intrinsic-height:48px] [content-visibility:auto] last:border-0">
      <StateIcon state={state} hasMask={hasMask} />
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm">{file.name}</p>
        {state === "running" ? (
          <div className="py-1.5">
            <Progress
              label={file.name}
              value={crops > 1 ? (progress?.crop ?? 0) : null}
              max={Math.max(crops, 1)}
            />
          </div>
        ) : (
          <StateText image={image} hasMask={hasMask} />
        )}
      </div>
      {state === "running" && <ProgressText image={image} />}
      <RowButtons image={image} />
    </li>
  );
});

function StateIcon({ state, hasMask }: { state: BatchImage["state"]; hasMask: boolean }) {
  if (state === "done") return <CircleCheck {...ICON} className="shrink-0 text-good" />;
  if (state === "failed") return <CircleAlert {...ICON} className="shrink-0 text-bad" />;
  if (state === "running") return <LoaderCircle {...ICON} className="shrink-0 animate-spin text-accent" />;
  if (!hasMask) return <ImageOff {...ICON} className="shrink-0 text-warn" />;
  return <CircleDashed {...ICON} className="shrink-0 text-soft" />;
}

function StateText({ image, hasMask }: { image: BatchImage; hasMask: boolean }) {
  const t = useT();
  const { state, failure, saved, unchanged } = image;
  if (state === "failed") return <p className="text-xs break-words text-bad">{failure}</p>;
  if (state === "done" && unchanged) return <p className="text-xs text-soft">{t("batch.state.unchanged")}</p>;
  if (state === "done" && saved !== null)
    return <p className="truncate text-xs text-soft">{t("batch.savedAs", { name: saved })}</p>;
  if (state === "ready" && !hasMask) return <p className="text-xs text-warn">{t("batch.maskMissing")}</p>;
  return <p className="text-xs text-soft">{t(`batch.state.${state}`)}</p>;
}

/** Queue position or progress of a running job. */
function ProgressText({ image: { progress, selecting } }: { image: BatchImage }) {
  const t = useT();
  if (progress?.state === "queued" && (progress.position ?? 0) > 0)
    return <span className="text-xs text-soft">{t("batch.queued", { count: progress.position ?? 0 })}</span>;
  const { crop, crops } = progress ?? {};
  if (!crops || crops < 2)
    return selecting ? <span className="text-xs text-soft">{t("batch.state.selecting")}</span> : null;
  return (
    <span className="text-xs text-soft tabular-nums">
      {t("batch.crops", { done: crop ?? 0, total: crops })}
    </span>
  );
}

function RowButtons({ image: { id, file, state, result } }: { image: BatchImage }) {
  const t = useT();
  const name = file.name;
  const open = state === "waiting" || state === "running";
  return (
    <span className="flex shrink-0">
      {(state === "failed" || state === "cancelled") && (
        <IconButton
          label={t("batch.retryOne", { name })}
          onClick={() => {
            retry(id);
          }}
        >
          <RotateCw {...ICON} />
        </IconButton>
      )}
      {result && (
        <IconButton
          label={t("batch.downloadOne", { name })}
          onClick={() => {
            triggerDownload(result, resultName(name, result.type));
          }}
        >
          <Download {...ICON} />
        </IconButton>
      )}
      <IconButton
        label={open ? t("batch.cancelOne", { name }) : t("batch.removeOne", { name })}
        onClick={() => {
          if (open) cancel(id);
          else removeImage(id);
        }}
      >
        <X {...ICON} />
      </IconButton>
    </span>
  );
}
