import { Boxes, Folders, Images, Keyboard, Settings } from "lucide-react";
import { openDialog } from "../editor/dialogs";
import { defineActions } from "./action";

/** Actions that open dialogs. */
export const panelActions = defineActions({
  files: {
    group: "app",
    label: "action.files",
    icon: Images,
    shortcuts: ["F"],
    offered: ({ server }) => server?.enableFileManager === true,
    perform: () => {
      openDialog("files");
    },
  },
  batch: {
    group: "app",
    label: "action.batch",
    icon: Folders,
    shortcuts: ["Shift+B"],
    perform: () => {
      openDialog("batch");
    },
  },
  models: {
    group: "app",
    label: "action.models",
    icon: Boxes,
    shortcuts: ["Shift+M"],
    perform: () => {
      openDialog("models");
    },
  },
  settings: {
    group: "app",
    label: "action.settings",
    icon: Settings,
    shortcuts: ["S"],
    perform: () => {
      openDialog("settings");
    },
  },
  shortcuts: {
    group: "app",
    label: "action.shortcuts",
    icon: Keyboard,
    shortcuts: ["H", "?"],
    perform: () => {
      openDialog("shortcuts");
    },
  },
});
