import { lazy, Suspense } from "react";
import { closeDialog, useDialog, type DialogName } from "../editor/dialogs";

// Fetched when they are first opened.
const BatchDialog = lazy(() => import("../batch/BatchDialog"));
const FilesDialog = lazy(() => import("../files/FilesDialog"));
const SettingsDialog = lazy(() => import("../settings/SettingsDialog"));
const ShortcutsDialog = lazy(() => import("./dialogs/ShortcutsDialog"));

/** The dialog that is open, where one is. */
export function Dialogs() {
  const open = useDialog((state) => state.open);
  return <Suspense fallback={null}>{open && <Open name={open} />}</Suspense>;
}

function Open({ name }: { name: DialogName }) {
  switch (name) {
    case "batch":
      return <BatchDialog onClose={closeDialog} />;
    case "files":
      return <FilesDialog onClose={closeDialog} />;
    case "settings":
      return <SettingsDialog onClose={closeDialog} />;
    case "shortcuts":
      return <ShortcutsDialog onClose={closeDialog} />;
    default:
      return null;
  }
}
