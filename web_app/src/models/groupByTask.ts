import type { components } from "../api/schema";

type Model = components["schemas"]["KnownModel"];
type Task = Model["task"];

/** Tasks in the order of the list; models of all but the first belong to plugins. */
const TASKS = [
  "inpaint",
  "segment",
  "segment-by-prompt",
  "detect-text",
  "upscale",
  "restore-faces",
] as const satisfies readonly Task[];

/** Models of one task. */
export interface ModelGroup {
  readonly task: Task;
  readonly models: readonly Model[];
}

/** Groups models by task; tasks without a model are left out. */
export function groupByTask(models: readonly Model[]): readonly ModelGroup[] {
  return TASKS.map((task) => ({ task, models: models.filter((model) => model.task === task) })).filter(
    (group) => group.models.length > 0,
  );
}
