import { create } from "zustand";

export type DialogName = "save" | "files" | "batch" | "models" | "settings" | "shortcuts";

/** The open dialog; at most one. */
export const useDialog = create<{ readonly open: DialogName | null }>(() => ({ open: null }));

export function openDialog(name: DialogName): void {
  useDialog.setState({ open: name });
}

export function closeDialog(): void {
  useDialog.setState({ open: null });
}
