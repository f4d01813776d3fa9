import { clamp } from "../../core/geometry";
import type { Mode } from "../../core/strokes";
import { useEditor } from "../store";
import type { SelectionShape, ToolId } from "../tools/tool";
import { endPrompt } from "./select";

export const SMALLEST_BRUSH = 1;
export const LARGEST_BRUSH = 200;
const BRUSH_STEP = 1.15;

const { getState: get, setState: set } = useEditor;

export function setBrush(size: number): void {
  set({ brush: clamp(Math.round(size), SMALLEST_BRUSH, LARGEST_BRUSH) });
}

/** Enlarges the brush by a number of steps; shrinks it if negative. */
export function stepBrush(steps: number): void {
  const { brush } = get();
  const wanted = brush * BRUSH_STEP ** steps;
  setBrush(steps > 0 ? Math.max(wanted, brush + 1) : Math.min(wanted, brush - 1));
}

export function setHardness(hardness: number): void {
  set({ hardness: clamp(hardness, 0, 1) });
}

export function setTool(tool: ToolId): void {
  if (tool !== get().tool) endPrompt();
  set({ tool });
}

export function setSelectionShape(selectionShape: SelectionShape): void {
  set({ selectionShape });
}

export function setMode(mode: Mode): void {
  set({ mode });
}

export function setComparing(comparing: boolean): void {
  set({ comparing });
}

/** Moves the divider between original and result; null hides it. */
export function setDivider(divider: number | null): void {
  set({ divider: divider === null ? null : clamp(divider, 0, 1) });
}
