import type { BatchImage } from "./store";

/** Numbers of images by state. */
export interface Summary {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** Queued or running images. */
  readonly open: number;
  /** Images that {@link start} would queue. */
  readonly remaining: number;
}

export function summarize(images: readonly Pick<BatchImage, "state">[]): Summary {
  const count = (...states: BatchImage["state"][]): number =>
    images.filter(({ state }) => states.includes(state)).length;
  return {
    total: images.length,
    done: count("done"),
    failed: count("failed"),
    open: count("waiting", "running"),
    remaining: count("ready", "failed", "cancelled"),
  };
}
