import { useSyncExternalStore } from "react";

/** The width of the window below which it is laid out as on a phone. */
const query = matchMedia("(width < 640px)");

function subscribe(changed: () => void): () => void {
  query.addEventListener("change", changed);
  return () => {
    query.removeEventListener("change", changed);
  };
}

/** Whether the window is as narrow as a phone's. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
