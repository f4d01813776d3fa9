import { FULL_COVERAGE, type Mask } from "./mask";
import type { Mode } from "./strokes";

/** Returns a mask with another of the same size added to it, or removed from it. */
export function combined(mask: Mask, part: Mask, mode: Mode): Mask {
  const data = mask.data.map((value, at) => {
    const other = part.data[at] ?? 0;
    return mode === "add" ? Math.max(value, other) : Math.min(value, FULL_COVERAGE - other);
  });
  return { ...mask, data };
}
