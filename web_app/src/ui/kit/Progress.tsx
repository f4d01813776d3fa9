export interface ProgressProps {
  label: string;
  /** Completed part of `max`; null for indeterminate progress. */
  value: number | null;
  max?: number;
}

/** A progress bar. */
export function Progress({ label, value, max = 1 }: ProgressProps) {
  return <progress className="kit-progress" aria-label={label} value={value ?? undefined} max={max} />;
}
