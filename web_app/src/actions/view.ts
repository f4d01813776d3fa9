import { Maximize, PanelRight, Square, ZoomIn, ZoomOut } from "lucide-react";
import { togglePanel, usePanel } from "../editor/panel";
import { currentStage } from "../editor/stage/stage";
import type { EditorState } from "../editor/store";
import { defineActions } from "./action";

const ZOOM_STEP = 1.25;

const hasImage = ({ image }: EditorState) => image !== null;

/** Actions that change the view. */
export const viewActions = defineActions({
  fit: {
    group: "view",
    label: "action.fit",
    icon: Maximize,
    shortcuts: ["Escape", "0"],
    enabled: hasImage,
    perform: () => currentStage()?.fit(),
  },
  actualSize: {
    group: "view",
    label: "action.actualSize",
    icon: Square,
    shortcuts: ["1"],
    enabled: hasImage,
    perform: () => currentStage()?.zoomTo(1 / devicePixelRatio),
  },
  zoomIn: {
    group: "view",
    label: "action.zoomIn",
    icon: ZoomIn,
    shortcuts: ["+", "="],
    enabled: hasImage,
    repeats: true,
    perform: () => currentStage()?.zoomBy(ZOOM_STEP),
  },
  zoomOut: {
    group: "view",
    label: "action.zoomOut",
    icon: ZoomOut,
    shortcuts: ["-"],
    enabled: hasImage,
    repeats: true,
    perform: () => currentStage()?.zoomBy(1 / ZOOM_STEP),
  },
  panel: {
    group: "view",
    label: "action.panel",
    icon: PanelRight,
    shortcuts: ["C"],
    enabled: hasImage,
    checked: () => usePanel.getState().open,
    perform: togglePanel,
  },
});
