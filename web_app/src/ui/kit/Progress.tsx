export interface ProgressProps {
  label: string;
  /** How much of `max` is done; null where that isn't known. */
  value: number | null;
  max?: number;
}

/** How far something is. */
export function Progress({ label, value, max = 1 }: ProgressProps) {
  return <progress className="kit-progress" aria-label={label} value={value ?? undefined} max={max} />;
}
