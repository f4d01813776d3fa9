import { LARGEST_BRUSH, setBrush, SMALLEST_BRUSH } from "../editor/commands/options";
import { usePanel } from "../editor/panel";
import { useEditor } from "../editor/store";
import { usesBrush } from "../editor/tools";
import { useT } from "../i18n";
import { ActionButton } from "./ActionButton";
import { JobStatus } from "./JobStatus";
import { Slider } from "./kit";
import { useNarrow } from "./useNarrow";

/** The floating toolbar at the bottom: brush size, history, comparison, run and save. */
export function ActionBar() {
  const t = useT();
  const panelOpen = usePanel((state) => state.open);
  const narrow = useNarrow();
  return (
    <div className="dock" data-panel-open={panelOpen && !narrow}>
      <JobStatus />
      <div role="toolbar" aria-label={t("bar.label")} className="bar floating">
        <ToolOptions />
        <span className="separator max-sm:hidden" />
        <ActionButton id="undo" />
        <ActionButton id="redo" />
        <ActionButton id="compare" />
        <ActionButton id="divide" className="max-sm:hidden" />
        <span className="separator max-sm:hidden" />
        <ActionButton id="manual" />
        <ActionButton id="again" />
        <ActionButton id="run" showLabel emphasized />
        <ActionButton id="save" />
      </div>
    </div>
  );
}

/** Options of the object selection, or the brush size. */
function ToolOptions() {
  const t = useT();
  const isSelecting = useEditor(({ tool }) => tool === "select");
  if (!isSelecting) return <BrushSize />;
  return (
    <div role="group" aria-label={t("bar.selection")} className="flex gap-0.5 max-sm:basis-full">
      <ActionButton id="removing" showLabel />
      <ActionButton id="outline" showLabel />
    </div>
  );
}

function BrushSize() {
  const t = useT();
  const brush = useEditor((state) => state.brush);
  const tool = useEditor((state) => state.tool);
  return (
    <div className="flex min-w-0 items-center gap-2 px-2 max-sm:basis-full">
      <Slider
        bare
        label={t("bar.brushSize")}
        min={SMALLEST_BRUSH}
        max={LARGEST_BRUSH}
        value={brush}
        onChange={setBrush}
        className="w-32 max-sm:flex-1"
        disabled={!usesBrush(tool)}
      />
      <span className="w-[3ch] text-right text-soft tabular-nums" aria-hidden="true">
        {brush}
      </span>
    </div>
  );
}
