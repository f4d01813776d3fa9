import { FileType, Maximize2, ScanSearch, Scissors, Smile, SquareDashed } from "lucide-react";
import {
  hasPlugin,
  removeBackground,
  restoreFaces,
  selectBackground,
  selectText,
  upscale,
} from "../editor/commands/plugin";
import { endPrompt, selectMainObject } from "../editor/commands/select";
import type { EditorState } from "../editor/store";
import { defineActions } from "./action";

const canRun = ({ image, job }: EditorState) => image !== null && job === null;
const canSelectObjects = (state: EditorState) => hasPlugin(state, "InteractiveSeg", "mask");
const canUpscale = (state: EditorState) => hasPlugin(state, "RealESRGAN", "image");

/** Actions that run a plugin, and those of the object selection. */
export const pluginActions = defineActions({
  selectObject: {
    group: "select",
    label: "action.selectObject",
    icon: ScanSearch,
    shortcuts: ["Shift+O"],
    offered: canSelectObjects,
    enabled: canRun,
    perform: selectMainObject,
  },
  selectText: {
    group: "select",
    label: "action.selectText",
    icon: FileType,
    shortcuts: ["Shift+T"],
    offered: (state) => hasPlugin(state, "TextMask", "mask"),
    enabled: canRun,
    perform: selectText,
  },
  selectBackground: {
    group: "select",
    label: "action.selectBackground",
    icon: SquareDashed,
    shortcuts: ["Shift+G"],
    offered: (state) => hasPlugin(state, "RemoveBG", "mask"),
    enabled: canRun,
    perform: selectBackground,
  },
  removeBackground: {
    group: "select",
    label: "action.removeBackground",
    icon: Scissors,
    shortcuts: ["Shift+X"],
    offered: (state) => hasPlugin(state, "RemoveBG", "image"),
    enabled: canRun,
    perform: () => removeBackground("RemoveBG"),
  },
  cutOutAnime: {
    group: "select",
    label: "action.cutOutAnime",
    icon: Scissors,
    offered: (state) => hasPlugin(state, "AnimeSeg", "image"),
    enabled: canRun,
    perform: () => removeBackground("AnimeSeg"),
  },
  restoreFaces: {
    group: "select",
    label: "action.restoreFaces",
    icon: Smile,
    offered: (state) => hasPlugin(state, "GFPGAN", "image"),
    enabled: canRun,
    perform: () => restoreFaces("GFPGAN"),
  },
  restoreFacesRestoreFormer: {
    group: "select",
    label: "action.restoreFacesRestoreFormer",
    icon: Smile,
    offered: (state) => hasPlugin(state, "RestoreFormer", "image"),
    enabled: canRun,
    perform: () => restoreFaces("RestoreFormer"),
  },
  upscale2: {
    group: "select",
    label: "action.upscale2",
    icon: Maximize2,
    shortcuts: ["Shift+U"],
    offered: canUpscale,
    enabled: canRun,
    perform: () => upscale(2),
  },
  upscale4: {
    group: "select",
    label: "action.upscale4",
    icon: Maximize2,
    shortcuts: ["Shift+Y"],
    offered: canUpscale,
    enabled: canRun,
    perform: () => upscale(4),
  },
  mainObject: {
    group: "tool",
    label: "action.selectMainObject",
    icon: ScanSearch,
    shortcuts: ["Enter"],
    offered: canSelectObjects,
    enabled: (state) => canRun(state) && state.tool === "select" && !state.drawing,
    perform: selectMainObject,
  },
  endPrompt: {
    group: "tool",
    label: "action.endSelection",
    icon: ScanSearch,
    shortcuts: ["Escape"],
    offered: canSelectObjects,
    enabled: ({ prompt, job, drawing }) => prompt !== null && job === null && !drawing,
    perform: endPrompt,
  },
});
