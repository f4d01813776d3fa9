import { Columns2, Contrast, LayersPlus, Play, Redo2, RotateCw, Undo2, X } from "lucide-react";
import { runFill } from "../editor/commands/fill";
import { cancelJob } from "../editor/commands/job";
import { repeatFill } from "../editor/commands/mask";
import { setComparing, setDivider } from "../editor/commands/options";
import { redo, undo } from "../editor/commands/undoRedo";
import { useEditor } from "../editor/store";
import { updateSettings, useSettings } from "../settings/store";
import { defineActions } from "./action";

/** Actions that fill, undo and redo, and compare with the original. */
export const editActions = defineActions({
  undo: {
    group: "edit",
    label: "action.undo",
    icon: Undo2,
    shortcuts: ["Mod+Z"],
    enabled: ({ history, job }) => history.past.length > 0 && !job,
    repeats: true,
    queued: true,
    perform: undo,
  },
  redo: {
    group: "edit",
    label: "action.redo",
    icon: Redo2,
    shortcuts: ["Mod+Shift+Z", "Mod+Y"],
    enabled: ({ history, job }) => history.future.length > 0 && !job,
    repeats: true,
    queued: true,
    perform: redo,
  },
  run: {
    group: "edit",
    label: "action.run",
    icon: Play,
    shortcuts: ["Shift+R"],
    enabled: ({ hole, job }) => hole !== null && !job,
    perform: runFill,
  },
  again: {
    group: "edit",
    label: "action.runAgain",
    icon: RotateCw,
    shortcuts: ["A"],
    enabled: ({ hasPreviousFill, job }) => hasPreviousFill && !job,
    perform: repeatFill,
  },
  cancel: {
    group: "edit",
    label: "action.cancel",
    icon: X,
    shortcuts: ["Escape"],
    enabled: ({ job }) => job !== null,
    perform: cancelJob,
  },
  manual: {
    group: "edit",
    label: "action.manual",
    icon: LayersPlus,
    shortcuts: ["M"],
    checked: (_, { manual }) => manual,
    perform: () => {
      updateSettings({ manual: !useSettings.getState().manual });
    },
  },
  compare: {
    group: "edit",
    label: "action.compare",
    icon: Contrast,
    shortcuts: ["Tab"],
    enabled: ({ image }) => image !== null,
    checked: ({ comparing }) => comparing,
    perform: () => {
      setComparing(true);
    },
    release: () => {
      setComparing(false);
    },
  },
  divide: {
    group: "edit",
    label: "action.compareSideBySide",
    icon: Columns2,
    shortcuts: ["D"],
    enabled: ({ image }) => image !== null,
    checked: ({ divider }) => divider !== null,
    perform: () => {
      setDivider(useEditor.getState().divider === null ? 0.5 : null);
    },
  },
});
