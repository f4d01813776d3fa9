import type { Change } from "./document/documentSession";

type Listener = (change: Change) => void;

const listeners = new Set<Listener>();

/** Subscribes to changes of image and mask; returns the unsubscribe function. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

export function emitChange(change: Change): void {
  for (const listener of listeners) listener(change);
}
