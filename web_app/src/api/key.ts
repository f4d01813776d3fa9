import { create } from "zustand";

interface KeyState {
  /** Whether the server refused for want of a key; the page then asks for it. */
  readonly needed: boolean;
  /** How often a key was taken; what was refused before is asked for again. */
  readonly taken: number;
}

export const useKey = create<KeyState>(() => ({ needed: false, taken: 0 }));
