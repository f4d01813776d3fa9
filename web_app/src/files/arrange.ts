import type { Media } from "../api/media";
import { comparableName } from "../core/fileName";

export const SORT_KEYS = ["name", "created", "modified"] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Arrangement {
  readonly search: string;
  readonly sort: SortKey;
  readonly descending: boolean;
}

/** The pictures whose names hold what is searched, in order. Numbers in names count as numbers: 9 before 10. */
export function arrange(medias: readonly Media[], { search, sort, descending }: Arrangement): Media[] {
  const wanted = comparableName(search.trim());
  const found = medias.filter(({ name }) => comparableName(name).includes(wanted));
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const difference: Record<SortKey, (a: Media, b: Media) => number> = {
    name: (a, b) => compare(a.name, b.name),
    created: (a, b) => a.ctime - b.ctime,
    modified: (a, b) => a.mtime - b.mtime,
  };
  const sign = descending ? -1 : 1;
  return found.sort((a, b) => sign * difference[sort](a, b) || compare(a.name, b.name));
}

/** The picture so many places after the one of this name; null at the ends, and where there is no such name. */
export function neighbour(medias: readonly Media[], name: string, steps: number): Media | null {
  const at = medias.findIndex((media) => media.name === name);
  return at < 0 ? null : (medias[at + steps] ?? null);
}
