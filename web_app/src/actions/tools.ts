import {
  Brush,
  Check,
  Circle,
  Eraser,
  Hand,
  Lasso,
  Minus,
  Pentagon,
  Plus,
  Slash,
  Square,
  SquareMinus,
  Undo,
  WandSparkles,
  X,
  type LucideIcon,
} from "lucide-react";
import type { Shortcut } from "../core/shortcut";
import { setDrawing } from "../editor/commands/mask";
import { setMode, setSelectionShape, setTool, stepBrush } from "../editor/commands/options";
import { hasPlugin } from "../editor/commands/plugin";
import { currentStage } from "../editor/stage/stage";
import { useEditor, type EditorState } from "../editor/store";
import type { ToolId } from "../editor/tools/tool";
import type { MessageKey } from "../i18n";
import { defineActions, type Action } from "./action";

function tool(id: ToolId, label: MessageKey, icon: LucideIcon, shortcut: Shortcut): Omit<Action, "id"> {
  return {
    group: "tool",
    label,
    icon,
    shortcuts: [shortcut],
    enabled: ({ image }) => image !== null,
    checked: (state) => state.tool === id,
    perform: () => {
      setTool(id);
    },
  };
}

const isDrawing = ({ drawing }: EditorState) => drawing;

/** Actions that select a tool, change the brush size, or edit the shape being drawn. */
export const toolActions = defineActions({
  brush: tool("brush", "tool.brush", Brush, "B"),
  eraser: tool("eraser", "tool.eraser", Eraser, "E"),
  rectangle: tool("rectangle", "tool.rectangle", Square, "R"),
  ellipse: tool("ellipse", "tool.ellipse", Circle, "O"),
  lasso: tool("lasso", "tool.lasso", Lasso, "L"),
  polygon: tool("polygon", "tool.polygon", Pentagon, "P"),
  line: tool("line", "tool.line", Slash, "N"),
  select: {
    ...tool("select", "tool.select", WandSparkles, "W"),
    offered: (state) => hasPlugin(state, "InteractiveSeg", "mask"),
  },
  pan: tool("pan", "tool.pan", Hand, "V"),
  removing: {
    group: "tool",
    label: "action.removing",
    short: "action.removing.short",
    icon: SquareMinus,
    shortcuts: ["X"],
    enabled: ({ image }) => image !== null,
    checked: ({ mode }) => mode === "remove",
    perform: () => {
      setMode(useEditor.getState().mode === "add" ? "remove" : "add");
    },
  },
  outline: {
    group: "tool",
    label: "action.outline",
    short: "action.outline.short",
    icon: Lasso,
    shortcuts: ["Shift+W"],
    offered: (state) => hasPlugin(state, "InteractiveSeg", "mask"),
    enabled: ({ image, tool }) => image !== null && tool === "select",
    checked: ({ selectionShape }) => selectionShape === "lasso",
    perform: () => {
      setSelectionShape(useEditor.getState().selectionShape === "box" ? "lasso" : "box");
    },
  },
  smallerBrush: {
    group: "tool",
    label: "action.smallerBrush",
    icon: Minus,
    shortcuts: ["["],
    repeats: true,
    perform: () => {
      stepBrush(-1);
    },
  },
  largerBrush: {
    group: "tool",
    label: "action.largerBrush",
    icon: Plus,
    shortcuts: ["]"],
    repeats: true,
    perform: () => {
      stepBrush(1);
    },
  },
  closeShape: {
    group: "tool",
    label: "action.closeShape",
    icon: Check,
    shortcuts: ["Enter"],
    enabled: isDrawing,
    perform: () => currentStage()?.finish(),
  },
  lastPoint: {
    group: "tool",
    label: "action.undoPoint",
    icon: Undo,
    shortcuts: ["Backspace"],
    enabled: isDrawing,
    repeats: true,
    perform: () => currentStage()?.removeLastPoint(),
  },
  dropShape: {
    group: "tool",
    label: "action.discardShape",
    icon: X,
    shortcuts: ["Escape"],
    enabled: isDrawing,
    perform: () => {
      setDrawing(false);
    },
  },
});

/** Tools in the order of the tool rail. */
export const TOOLS = [
  "brush",
  "eraser",
  "rectangle",
  "ellipse",
  "lasso",
  "polygon",
  "line",
  "select",
  "pan",
] as const satisfies readonly ToolId[];
