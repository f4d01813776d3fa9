import { create } from "zustand";

interface KeyState {
  /** True after a 401: the page shows the key dialog. */
  readonly required: boolean;
  /** Number of keys accepted so far; a change repeats requests that were rejected. */
  readonly acceptedCount: number;
}

export const useKey = create<KeyState>(() => ({ required: false, acceptedCount: 0 }));
