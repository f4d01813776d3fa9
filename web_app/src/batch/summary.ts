import type { BatchPhoto } from "./store";

/** How a batch stands. */
export interface Summary {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Photos that wait or run. */
  readonly open: number;
  /** Photos that a start would fill. */
  readonly left: number;
}

export function summarize(photos: readonly Pick<BatchPhoto, "state">[]): Summary {
  const count = (...states: BatchPhoto["state"][]): number =>
    photos.filter(({ state }) => states.includes(state)).length;
  return {
    total: photos.length,
    done: count("done"),
    failed: count("failed"),
    open: count("waiting", "running"),
    left: count("ready", "failed", "cancelled"),
  };
}
