import { create } from "zustand";

/** By how many pixels the mask is grown, shrunk or feathered. */
export const useMaskAmount = create<{ readonly amount: number }>(() => ({ amount: 8 }));

export function setMaskAmount(amount: number): void {
  useMaskAmount.setState({ amount });
}
