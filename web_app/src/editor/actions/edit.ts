import { Contrast, Hand, Play, Redo2, Undo2, X } from "lucide-react";
import { pendingStrokes } from "../../core/steps";
import { cancel, redoStep, run, setComparing, setManual, undoStep } from "../commands";
import { useEditor } from "../store";
import { actions } from "./action";

/** What changes the picture, and the ways back. */
export const editActions = actions({
  undo: {
    group: "edit",
    label: "Undo",
    icon: Undo2,
    shortcuts: ["Mod+Z"],
    enabled: ({ history, job }) => history.past.length > 0 && !job,
    repeats: true,
    perform: undoStep,
  },
  redo: {
    group: "edit",
    label: "Redo",
    icon: Redo2,
    shortcuts: ["Mod+Shift+Z", "Mod+Y"],
    enabled: ({ history, job }) => history.future.length > 0 && !job,
    repeats: true,
    perform: redoStep,
  },
  run: {
    group: "edit",
    label: "Run",
    icon: Play,
    shortcuts: ["Shift+R"],
    enabled: ({ history, job }) => pendingStrokes(history).length > 0 && !job,
    perform: run,
  },
  cancel: {
    group: "edit",
    label: "Cancel",
    icon: X,
    shortcuts: ["Escape"],
    enabled: ({ job }) => job !== null,
    perform: cancel,
  },
  manual: {
    group: "edit",
    label: "Manual",
    icon: Hand,
    shortcuts: ["M"],
    checked: ({ manual }) => manual,
    perform: () => {
      setManual(!useEditor.getState().manual);
    },
  },
  compare: {
    group: "edit",
    label: "Compare",
    icon: Contrast,
    shortcuts: ["Tab"],
    enabled: ({ picture }) => picture !== null,
    perform: () => {
      setComparing(true);
    },
    release: () => {
      setComparing(false);
    },
  },
});
