import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { currentStage } from "../stage";
import type { EditorState } from "../store";
import { actions } from "./action";

const ZOOM_STEP = 1.25;

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** How the picture is looked at. */
export const viewActions = actions({
  fit: {
    group: "view",
    label: "Show the whole picture",
    icon: Maximize,
    shortcuts: ["Escape", "0"],
    enabled: hasPicture,
    perform: () => currentStage()?.fit(),
  },
  zoomIn: {
    group: "view",
    label: "Zoom in",
    icon: ZoomIn,
    shortcuts: ["+", "="],
    enabled: hasPicture,
    repeats: true,
    perform: () => currentStage()?.zoomBy(ZOOM_STEP),
  },
  zoomOut: {
    group: "view",
    label: "Zoom out",
    icon: ZoomOut,
    shortcuts: ["-"],
    enabled: hasPicture,
    repeats: true,
    perform: () => currentStage()?.zoomBy(1 / ZOOM_STEP),
  },
});
