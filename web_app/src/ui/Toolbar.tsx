import { Brush } from "lucide-react";
import { LARGEST_BRUSH, setBrush, SMALLEST_BRUSH } from "../editor/commands";
import { useEditor } from "../editor/store";
import { ActionButton } from "./ActionButton";
import { JobStatus } from "./JobStatus";

/** The one bar of tools. */
export function Toolbar() {
  const manual = useEditor((state) => state.manual);
  return (
    <div className="dock">
      <JobStatus />
      <div className="toolbar" role="toolbar" aria-label="Tools">
        <ActionButton id="open" named />
        <div className="group grow">
          <BrushSize />
          <ActionButton id="manual" />
          {manual && <ActionButton id="brush" />}
          {manual && <ActionButton id="eraser" />}
          <ActionButton id="run" named className="primary" />
        </div>
        <ActionButton id="undo" />
        <ActionButton id="redo" />
        <ActionButton id="compare" />
        <ActionButton id="save" />
      </div>
    </div>
  );
}

function BrushSize() {
  const brush = useEditor((state) => state.brush);
  return (
    <label className="slider" title="Size of the brush ([ and ])">
      <Brush aria-hidden="true" size={18} />
      <input
        type="range"
        aria-label="Brush size"
        min={SMALLEST_BRUSH}
        max={LARGEST_BRUSH}
        value={brush}
        onChange={({ target }) => {
          setBrush(target.valueAsNumber);
        }}
      />
      <output>{brush}</output>
    </label>
  );
}
