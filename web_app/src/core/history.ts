/** An immutable undo history: every function returns a new value. */
export interface History<Step> {
  /** Steps that undo reverts, oldest first. */
  readonly past: readonly Step[];
  /** Steps that redo repeats, next one first. */
  readonly future: readonly Step[];
}

export const EMPTY_HISTORY: History<never> = { past: [], future: [] };

/**
 * Appends a step and discards the steps to redo. Drops the oldest steps while the past costs more than
 * `budget`, but never the newest.
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

/** Moves the newest step to the future and returns it; null without one. */
export function undo<Step>({ past, future }: History<Step>): [History<Step>, Step] | null {
  if (past.length === 0) return null;
  const step = past[past.length - 1] as Step;
  return [{ past: past.slice(0, -1), future: [step, ...future] }, step];
}

/** Moves the next step to redo back to the past and returns it; null without one. */
export function redo<Step>({ past, future }: History<Step>): [History<Step>, Step] | null {
  if (future.length === 0) return null;
  const step = future[0] as Step;
  return [{ past: [...past, step], future: future.slice(1) }, step];
}
