import { MoveHorizontal } from "lucide-react";
import { useRef } from "react";
import { setDivider } from "../editor/commands/options";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";

const STEP = 0.02;

/** The line between the original, at its left, and the result. The stage puts it where it belongs. */
export function Divider({ ref }: { ref: React.Ref<HTMLDivElement> }) {
  const t = useT();
  const share = useEditor((state) => state.divider);
  const dragged = useRef(false);
  const drag = (event: React.PointerEvent): void => {
    const { picture, view } = useEditor.getState();
    const stage = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!dragged.current || !picture || !stage) return;
    setDivider((event.clientX - stage.left - view.x) / (picture.width * view.scale));
  };
  return (
    <div
      ref={ref}
      hidden={share === null}
      role="slider"
      tabIndex={0}
      aria-label={t("stage.divider")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((share ?? 0.5) * 100)}
      className="divider"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        dragged.current = true;
      }}
      onPointerMove={drag}
      onPointerUp={() => {
        dragged.current = false;
      }}
      onPointerCancel={() => {
        dragged.current = false;
      }}
      onKeyDown={({ key }) => {
        if (key === "ArrowLeft") setDivider((share ?? 0.5) - STEP);
        if (key === "ArrowRight") setDivider((share ?? 0.5) + STEP);
      }}
    >
      <span className="divider-handle">
        <MoveHorizontal aria-hidden="true" size={16} />
      </span>
      <span className="divider-word">{t("stage.before")}</span>
      <span className="divider-word after">{t("stage.after")}</span>
    </div>
  );
}
