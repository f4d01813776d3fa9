/** What was done and what was undone. Values are never changed: every function answers a new one. */
export interface History<Step> {
  /** Oldest first. */
  readonly past: readonly Step[];
  /** What redo brings back, next one first. */
  readonly future: readonly Step[];
}

export const EMPTY_HISTORY: History<never> = { past: [], future: [] };

/**
 * Adds a step; what was undone is gone. The oldest steps are forgotten while the past costs more than `budget`,
 * but the newest always stays.
 */
export function push<Step>(
  history: History<Step>,
  step: Step,
  cost: (step: Step) => number,
  budget: number,
): History<Step> {
  const past = [...history.past, step];
  let total = past.reduce((sum, each) => sum + cost(each), 0);
  let forgotten = 0;
  while (total > budget && forgotten < past.length - 1) {
    total -= cost(past[forgotten] as Step);
    forgotten++;
  }
  return { past: past.slice(forgotten), future: [] };
}

/** Takes the newest step back; null where there is none. */
export function undo<Step>({ past, future }: History<Step>): [History<Step>, Step] | null {
  if (past.length === 0) return null;
  const step = past[past.length - 1] as Step;
  return [{ past: past.slice(0, -1), future: [step, ...future] }, step];
}

/** Does the last undone step again; null where there is none. */
export function redo<Step>({ past, future }: History<Step>): [History<Step>, Step] | null {
  if (future.length === 0) return null;
  const step = future[0] as Step;
  return [{ past: [...past, step], future: future.slice(1) }, step];
}
