import type { BatchPhoto } from "./store";

/** Numbers of photos by state. */
export interface Summary {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Queued or running photos. */
  readonly open: number;
  /** Photos that {@link start} would queue. */
  readonly remaining: number;
}

export function summarize(photos: readonly Pick<BatchPhoto, "state">[]): Summary {
  const count = (...states: BatchPhoto["state"][]): number =>
    photos.filter(({ state }) => states.includes(state)).length;
  return {
    total: photos.length,
    done: count("done"),
    failed: count("failed"),
    open: count("waiting", "running"),
    remaining: count("ready", "failed", "cancelled"),
  };
}
