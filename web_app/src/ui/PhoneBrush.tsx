import { LARGEST_BRUSH, setBrush, SMALLEST_BRUSH } from "../editor/commands/options";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { Slider } from "./kit";

/** The brush's size, which has no place in a phone's bar. */
export function PhoneBrush() {
  const t = useT();
  const brush = useEditor((state) => state.brush);
  return (
    <Slider
      label={t("bar.brushSize")}
      min={SMALLEST_BRUSH}
      max={LARGEST_BRUSH}
      value={brush}
      onChange={setBrush}
    />
  );
}
