import { create } from "zustand";

/** Minimum window width in CSS pixels at which the side panel is open initially. */
const MIN_WIDTH = 1200;

/** State of the side panel. */
export const usePanel = create<{ readonly open: boolean }>(() => ({ open: window.innerWidth >= MIN_WIDTH }));

export function setPanel(open: boolean): void {
  usePanel.setState({ open });
}

export function togglePanel(): void {
  usePanel.setState(({ open }) => ({ open: !open }));
}
