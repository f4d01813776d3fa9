import { openDialog } from "../editor/dialogs";
import { useT } from "../i18n";
import { classes, Progress, Tooltip } from "./kit";
import { useReadiness } from "./useReadiness";

const MEGABYTE = 1_000_000;

type Tone = "good" | "busy" | "bad";

/** The current model, or the progress of the one being loaded. A click opens the models dialog. */
export function ModelStatus() {
  const t = useT();
  const readiness = useReadiness();
  if (readiness === "pending") return null;
  if (readiness === null)
    return <Status tone="bad" text={t("model.offline")} hint={t("model.offline.hint")} />;
  const { loading, model, ready, failure } = readiness;
  if (loading) {
    const { name, bytes, total } = loading;
    if (bytes === null) return <Status tone="busy" text={t("model.loading", { name })} />;
    const done = Math.round(bytes / MEGABYTE);
    if (total === null) return <Status tone="busy" text={t("model.downloading", { name, done })} />;
    const text = t("model.downloadingOf", { name, done, total: Math.round(total / MEGABYTE) });
    return (
      <Status tone="busy" text={text}>
        <span className="w-16 max-sm:hidden">
          <Progress label={t("model.download", { name })} value={bytes} max={total} />
        </span>
      </Status>
    );
  }
  if (ready && model) return <Status tone="good" text={model} hint={failure ?? t("model.hint", { model })} />;
  return <Status tone="bad" text={t("model.none")} hint={failure ?? undefined} />;
}

const DOTS: Record<Tone, string> = { good: "bg-good", busy: "bg-warn", bad: "bg-bad" };

interface StatusProps {
  tone: Tone;
  text: string;
  hint?: string | undefined;
  children?: React.ReactNode;
}

function Status({ tone, text, hint, children }: StatusProps) {
  const t = useT();
  return (
    <Tooltip text={hint ?? text} side="bottom">
      <button
        type="button"
        className="flex h-control min-w-0 items-center gap-2 rounded-md px-2 transition-colors hover:bg-hover"
        onClick={() => {
          openDialog("models");
        }}
      >
        <span className={`size-2 shrink-0 rounded-full ${DOTS[tone]}`} aria-hidden="true" />
        <span
          role="status"
          aria-label={t("model.label")}
          className={classes("truncate max-sm:max-w-28", tone === "good" && "max-sm:sr-only")}
        >
          {text}
        </span>
        {children}
      </button>
    </Tooltip>
  );
}
