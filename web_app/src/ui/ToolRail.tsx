import { useShallow } from "zustand/react/shallow";
import { ACTIONS, isOffered } from "../editor/actions/registry";
import { TOOLS } from "../editor/actions/tools";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { ActionButton } from "./ActionButton";
import { useNarrow } from "./useNarrow";

/** The tools, floating at the left; on a phone a strip above the bar at the bottom. */
export function ToolRail() {
  const t = useT();
  const narrow = useNarrow();
  const offered = useEditor(useShallow((state) => TOOLS.filter((id) => isOffered(ACTIONS[id], state))));
  return (
    <div
      role="toolbar"
      aria-label={t("rail.label")}
      aria-orientation={narrow ? "horizontal" : "vertical"}
      className="rail floating"
    >
      {offered.map((id) => (
        <ActionButton key={id} id={id} side={narrow ? "top" : "right"} />
      ))}
    </div>
  );
}
