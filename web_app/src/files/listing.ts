import type { Media } from "../api/media";
import { comparableName } from "../core/fileName";

export const SORT_KEYS = ["name", "created", "modified"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface ListOptions {
  /** Part of a name. Case, Unicode normalization and surrounding spaces are ignored. */
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
}

/**
 * Returns the images that match the search, sorted. Digits in names compare as numbers: 9 precedes 10. Equal
 * times are sorted by name, ascending.
 */
export function listImages(medias: readonly Media[], { search, sort, descending }: ListOptions): Media[] {
  const query = comparableName(search.trim());
  const matches = medias.filter(({ name }) => comparableName(name).includes(query));
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const comparators: Record<SortKey, (a: Media, b: Media) => number> = {
    name: (a, b) => compare(a.name, b.name),
    created: (a, b) => a.ctime - b.ctime,
    modified: (a, b) => a.mtime - b.mtime,
  };
  const sign = descending ? -1 : 1;
  return matches.sort((a, b) => sign * comparators[sort](a, b) || compare(a.name, b.name));
}

/** Returns the image at an offset from the named one; null past the ends or if the name isn't listed. */
export function neighbour(medias: readonly Media[], name: string, offset: number): Media | null {
  const index = medias.findIndex((media) => media.name === name);
  return index < 0 ? null : (medias[index + offset] ?? null);
}
