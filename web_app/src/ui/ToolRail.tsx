import { useShallow } from "zustand/react/shallow";
import { ACTIONS, isOffered } from "../actions/registry";
import { TOOLS } from "../actions/tools";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { ActionButton } from "./ActionButton";
import { useNarrow } from "./useNarrow";

/** The tools: a vertical toolbar on the left, or a horizontal one at the bottom of narrow screens. */
export function ToolRail() {
  const t = useT();
  const narrow = useNarrow();
  const tools = useEditor(useShallow((state) => TOOLS.filter((id) => isOffered(ACTIONS[id], state))));
  return (
    <div
      role="toolbar"
      aria-label={t("rail.label")}
      aria-orientation={narrow ? "horizontal" : "vertical"}
      className="rail floating"
    >
      {tools.map((id) => (
        <ActionButton key={id} id={id} side={narrow ? "top" : "right"} />
      ))}
    </div>
  );
}
