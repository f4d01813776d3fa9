import { useDialog } from "../editor/dialogs";

/** The dialog that is open, where one is. */
export function Dialogs() {
  const open = useDialog((state) => state.open);
  switch (open) {
    default:
      return null;
  }
}
