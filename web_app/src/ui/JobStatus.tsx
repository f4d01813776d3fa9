import { useEffect, useState } from "react";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { ActionButton } from "./ActionButton";
import { jobText, seconds } from "./jobText";

const UPDATE_INTERVAL_MS = 100;

/** Progress of the running job, with its elapsed time and a cancel button; after it, its duration. */
export function JobStatus() {
  const t = useT();
  const job = useEditor((state) => state.job);
  const lastFillMs = useEditor((state) => state.lastFillMs);
  const opening = useEditor((state) => state.opening);
  const duration = lastFillMs === null ? "" : t("job.done", { seconds: seconds(lastFillMs) });
  const text = opening ? t("job.opening") : job ? jobText(job, t) : duration;
  return (
    <div className="job" data-busy={job !== null}>
      <p role="status" aria-label={t("job.label")} className="truncate">
        {text}
      </p>
      {job && <Elapsed key={job.id} since={job.startedAt} />}
      {job && <ActionButton id="cancel" showLabel />}
    </div>
  );
}

/** Elapsed time. It lies outside the live region, where screen readers would announce every update. */
function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(performance.now());
    }, UPDATE_INTERVAL_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return <span className="min-w-[6ch] tabular-nums">{seconds(now - since)} s</span>;
}
