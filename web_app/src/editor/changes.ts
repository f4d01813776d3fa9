import type { Change } from "./document/desk";

type Listener = (change: Change) => void;

const listeners = new Set<Listener>();

/** Tells of every change of picture or mask; the answer ends it. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function tellChange(change: Change): void {
  for (const listener of listeners) listener(change);
}
