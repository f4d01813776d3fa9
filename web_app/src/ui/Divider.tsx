import { MoveHorizontal } from "lucide-react";
import { useRef } from "react";
import { setDivider } from "../editor/commands/options";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";

/** Movement per key press, as a fraction of the image's width. */
const KEY_STEP = 0.02;

/**
 * The comparison slider, with the original on its left and the result on its right. The stage positions it.
 */
export function Divider({ ref }: { ref: React.Ref<HTMLDivElement> }) {
  const t = useT();
  const position = useEditor((state) => state.divider);
  const dragging = useRef(false);
  const drag = (event: React.PointerEvent): void => {
    const { image, view } = useEditor.getState();
    const stage = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!dragging.current || !image || !stage) return;
    setDivider((event.clientX - stage.left - view.x) / (image.width * view.scale));
  };
  return (
    <div
      ref={ref}
      hidden={position === null}
      role="slider"
      tabIndex={0}
      aria-label={t("stage.divider")}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((position ?? 0.5) * 100)}
      className="divider"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        dragging.current = true;
      }}
      onPointerMove={drag}
      onPointerUp={() => {
        dragging.current = false;
      }}
      onPointerCancel={() => {
        dragging.current = false;
      }}
      onKeyDown={({ key }) => {
        if (key === "ArrowLeft") setDivider((position ?? 0.5) - KEY_STEP);
        if (key === "ArrowRight") setDivider((position ?? 0.5) + KEY_STEP);
      }}
    >
      <span className="divider-handle">
        <MoveHorizontal aria-hidden="true" size={16} />
      </span>
      <span className="divider-label">{t("stage.before")}</span>
      <span className="divider-label after">{t("stage.after")}</span>
    </div>
  );
}
