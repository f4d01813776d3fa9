import type { Job } from "../editor/store";
import type { Translate } from "../i18n";

/** Returns the progress message of a running job. */
export function jobText({ task, progress }: Pick<Job, "task" | "progress">, t: Translate): string {
  const { state, position, crop, crops } = progress;
  if (state === "preparing") return t("job.preparing");
  if (state === "queued") return position ? t("job.waiting", { count: position }) : t("job.next");
  return crops !== null && crops > 1
    ? t(`job.part.${task}`, { crop: Math.min((crop ?? 0) + 1, crops), crops })
    : t(`job.running.${task}`);
}

/** Formats a duration in milliseconds as seconds with one decimal. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(1);
}
