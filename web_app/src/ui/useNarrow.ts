import { useSyncExternalStore } from "react";

/** Matches windows that get the phone layout; the same width as the `sm` breakpoint. */
const query = matchMedia("(width < 640px)");

function subscribe(onChange: () => void): () => void {
  query.addEventListener("change", onChange);
  return () => {
    query.removeEventListener("change", onChange);
  };
}

/** Returns whether the window is narrow enough for the phone layout. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
