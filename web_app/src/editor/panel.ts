import { create } from "zustand";

/** From this width of the window on, in CSS pixels, the panel has a place of its own beside the picture. */
const ROOMY = 1200;

/** Whether the panel at the side is unfolded. */
export const usePanel = create<{ readonly open: boolean }>(() => ({ open: window.innerWidth >= ROOMY }));

export function setPanel(open: boolean): void {
  usePanel.setState({ open });
}

export function togglePanel(): void {
  usePanel.setState(({ open }) => ({ open: !open }));
}
