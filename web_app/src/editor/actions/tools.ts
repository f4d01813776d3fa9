import { Brush, Eraser, Minus, Plus } from "lucide-react";
import { setBrush, setTool } from "../commands";
import { useEditor, type EditorState } from "../store";
import { actions } from "./action";

const BRUSH_STEP = 1.15;

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** The tools, and the size of the brush. */
export const toolActions = actions({
  brush: {
    group: "tool",
    label: "Brush",
    icon: Brush,
    shortcuts: ["B"],
    enabled: hasPicture,
    checked: ({ tool }) => tool === "paint",
    perform: () => {
      setTool("paint");
    },
  },
  eraser: {
    group: "tool",
    label: "Eraser",
    icon: Eraser,
    shortcuts: ["E"],
    enabled: hasPicture,
    checked: ({ tool }) => tool === "erase",
    perform: () => {
      setTool("erase");
    },
  },
  smallerBrush: {
    group: "tool",
    label: "Smaller brush",
    icon: Minus,
    shortcuts: ["["],
    repeats: true,
    perform: () => {
      const { brush } = useEditor.getState();
      setBrush(Math.min(brush / BRUSH_STEP, brush - 1));
    },
  },
  largerBrush: {
    group: "tool",
    label: "Larger brush",
    icon: Plus,
    shortcuts: ["]"],
    repeats: true,
    perform: () => {
      const { brush } = useEditor.getState();
      setBrush(Math.max(brush * BRUSH_STEP, brush + 1));
    },
  },
});
