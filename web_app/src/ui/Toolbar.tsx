import { Brush, Contrast, Eraser, Play, Redo2, Undo2 } from "lucide-react";
import { pendingStrokes } from "../core/steps";
import {
  LARGEST_BRUSH,
  redoStep,
  run,
  setBrush,
  setComparing,
  setManual,
  setTool,
  SMALLEST_BRUSH,
  undoStep,
} from "../editor/actions";
import { useEditor } from "../editor/store";
import { JobStatus } from "./JobStatus";
import { OpenButton } from "./OpenButton";
import { SaveButton } from "./SaveButton";

/** The one bar of tools. */
export function Toolbar() {
  return (
    <div className="dock">
      <JobStatus />
      <div className="toolbar" role="toolbar" aria-label="Tools">
        <OpenButton />
        <BrushControls />
        <HistoryButtons />
        <CompareButton />
        <SaveButton />
      </div>
    </div>
  );
}

function BrushControls() {
  const { brush, manual, tool } = useEditor();
  const waiting = useEditor((state) => pendingStrokes(state.history).length > 0);
  const busy = useEditor((state) => state.job !== null);
  return (
    <div className="group grow">
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
      <label className="check" title="Collect strokes and fill them when told">
        <input
          type="checkbox"
          checked={manual}
          onChange={({ target }) => {
            setManual(target.checked);
          }}
        />
        Manual
      </label>
      {manual && (
        <button
          type="button"
          aria-pressed={tool === "erase"}
          title="Erase strokes (E)"
          aria-label="Eraser"
          onClick={() => {
            setTool(tool === "erase" ? "paint" : "erase");
          }}
        >
          <Eraser aria-hidden="true" size={18} />
        </button>
      )}
      {(manual || waiting) && (
        <button
          type="button"
          className="primary"
          disabled={!waiting || busy}
          title="Fill what is painted (Enter)"
          onClick={() => void run()}
        >
          <Play aria-hidden="true" size={18} />
          <span>Run</span>
        </button>
      )}
    </div>
  );
}

function HistoryButtons() {
  const canUndo = useEditor((state) => state.history.past.length > 0 && !state.job);
  const canRedo = useEditor((state) => state.history.future.length > 0 && !state.job);
  return (
    <div className="group">
      <button type="button" aria-label="Undo" title="Undo (Ctrl+Z)" disabled={!canUndo} onClick={undoStep}>
        <Undo2 aria-hidden="true" size={18} />
      </button>
      <button
        type="button"
        aria-label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        disabled={!canRedo}
        onClick={redoStep}
      >
        <Redo2 aria-hidden="true" size={18} />
      </button>
    </div>
  );
}

/** Shows the original for as long as it is held, by pointer or by key. */
function CompareButton() {
  const comparing = useEditor((state) => state.comparing);
  const show = () => {
    setComparing(true);
  };
  const hide = () => {
    setComparing(false);
  };
  return (
    <button
      type="button"
      aria-label="Compare"
      aria-pressed={comparing}
      title="Hold to see the original (C)"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        show();
      }}
      onPointerUp={hide}
      onPointerCancel={hide}
      onBlur={hide}
      onKeyDown={({ key }) => {
        if (key === " " || key === "Enter") show();
      }}
      onKeyUp={hide}
      onContextMenu={(event) => {
        event.preventDefault();
      }}
    >
      <Contrast aria-hidden="true" size={18} />
    </button>
  );
}
