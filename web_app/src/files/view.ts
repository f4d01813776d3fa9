import { SORT_KEYS, type SortKey } from "./listing";

export const LAYOUTS = ["rows", "masonry"] as const;
export type FilesLayout = (typeof LAYOUTS)[number];

/** The persisted part of the files dialog's state. */
export interface FilesView {
  readonly sort: SortKey;
  readonly descending: boolean;
  readonly layout: FilesLayout;
}

/** Returns the valid parts of a persisted view, possibly of another version. */
export function readView(stored: unknown): Partial<FilesView> {
  if (typeof stored !== "object" || stored === null) return {};
  const { sort, descending, layout } = stored as Readonly<Record<string, unknown>>;
  const sortKey = SORT_KEYS.find((key) => key === sort);
  const knownLayout = LAYOUTS.find((name) => name === layout);
  return {
    ...(sortKey && { sort: sortKey }),
    ...(typeof descending === "boolean" && { descending }),
    ...(knownLayout && { layout: knownLayout }),
  };
}
