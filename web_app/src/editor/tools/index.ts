import { DragTool, ellipse, line, rectangle } from "./drag";
import { LassoTool } from "./lasso";
import { PolygonTool } from "./polygon";
import { StrokeTool } from "./stroke";
import { SelectTool } from "./select";
import type { Tool, ToolId, ToolOptions } from "./tool";

/** Creates a tool; null for the hand, which only pans. */
export function makeTool(id: ToolId, options: () => ToolOptions): Tool | null {
  switch (id) {
    case "brush":
      return new StrokeTool("add", options);
    case "eraser":
      return new StrokeTool("remove", options);
    case "rectangle":
      return new DragTool(rectangle, options);
    case "ellipse":
      return new DragTool(ellipse, options);
    case "line":
      return new DragTool(line, options);
    case "lasso":
      return new LassoTool(options);
    case "polygon":
      return new PolygonTool(options);
    case "select":
      return new SelectTool(options);
    case "pan":
      return null;
  }
}

/** Returns true for tools that depend on the brush size. */
export function usesBrush(id: ToolId): boolean {
  return id === "brush" || id === "eraser" || id === "line";
}
