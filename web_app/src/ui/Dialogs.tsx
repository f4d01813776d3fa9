import { lazy, Suspense } from "react";
import { useKey } from "../api/key";
import { closeDialog, useDialog, type DialogName } from "../editor/dialogs";

// Loaded on first use.
const BatchDialog = lazy(() => import("../batch/BatchDialog"));
const FilesDialog = lazy(() => import("../files/FilesDialog"));
const KeyDialog = lazy(() => import("./dialogs/KeyDialog"));
const ModelsDialog = lazy(() => import("../models/ModelsDialog"));
const SaveDialog = lazy(() => import("./dialogs/SaveDialog"));
const SettingsDialog = lazy(() => import("../settings/SettingsDialog"));
const ShortcutsDialog = lazy(() => import("./dialogs/ShortcutsDialog"));

/** Renders the open dialog, if any. */
export function Dialogs() {
  const open = useDialog((state) => state.open);
  const keyNeeded = useKey((state) => state.required);
  return (
    <Suspense fallback={null}>
      {open && <NamedDialog name={open} />}
      {keyNeeded && <KeyDialog />}
    </Suspense>
  );
}

function NamedDialog({ name }: { name: DialogName }) {
  switch (name) {
    case "batch":
      return <BatchDialog onClose={closeDialog} />;
    case "files":
      return <FilesDialog onClose={closeDialog} />;
    case "models":
      return <ModelsDialog onClose={closeDialog} />;
    case "save":
      return <SaveDialog onClose={closeDialog} />;
    case "settings":
      return <SettingsDialog onClose={closeDialog} />;
    case "shortcuts":
      return <ShortcutsDialog onClose={closeDialog} />;
  }
}
