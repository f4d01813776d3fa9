import { create } from "zustand";

/** Radius in pixels by which mask actions grow, shrink or feather. */
export const useMaskAmount = create<{ readonly amount: number }>(() => ({ amount: 8 }));

export function setMaskAmount(amount: number): void {
  useMaskAmount.setState({ amount });
}
