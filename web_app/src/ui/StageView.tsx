import { useEffect, useRef } from "react";
import type { Insets } from "../core/geometry";
import { usePanel } from "../editor/panel";
import { currentStage, mountStage } from "../editor/stage/stage";
import { useEditor, type Picture } from "../editor/store";
import { useT } from "../i18n";
import { Divider } from "./Divider";
import { useNarrow } from "./useNarrow";

/** The picture with its mask; everything on it is drawn by the stage. */
export function StageView({ picture }: { picture: Picture }) {
  const t = useT();
  const root = useRef<HTMLDivElement>(null);
  const pictureCanvas = useRef<HTMLCanvasElement>(null);
  const maskCanvas = useRef<HTMLCanvasElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const divider = useRef<HTMLDivElement>(null);
  const working = useEditor((state) => state.job !== null);
  const insets = useInsets();

  useEffect(() => {
    if (!root.current || !pictureCanvas.current || !maskCanvas.current || !ring.current || !divider.current)
      return;
    const elements = {
      root: root.current,
      picture: pictureCanvas.current,
      mask: maskCanvas.current,
      ring: ring.current,
      divider: divider.current,
    };
    return mountStage(elements, picture);
  }, [picture]);
  useEffect(() => {
    currentStage()?.setInsets(insets);
  }, [insets, picture]);

  const { name, width, height } = picture;
  return (
    <main
      ref={root}
      className="stage"
      tabIndex={0}
      aria-label={t("stage.label")}
      aria-describedby="stage-keys"
      aria-busy={working}
    >
      <canvas
        // A canvas keeps its colour space.
        key={picture.space}
        ref={pictureCanvas}
        className="picture"
        role="img"
        aria-label={t("stage.picture", { name, width: String(width), height: String(height) })}
      />
      <canvas ref={maskCanvas} className="mask" aria-hidden="true" />
      <p id="stage-keys" className="sr-only">
        {t("stage.keys")}
      </p>
      <Divider ref={divider} />
      <div ref={ring} className="ring" hidden />
    </main>
  );
}

const ALONE: Insets = { top: 64, right: 72, bottom: 112, left: 72 };
const WITH_PANEL: Insets = { ...ALONE, right: 320 };
const ON_A_PHONE: Insets = { top: 56, right: 8, bottom: 212, left: 8 };

/** What the bars and the panel leave of the window. */
function useInsets(): Insets {
  const narrow = useNarrow();
  const panel = usePanel((state) => state.open);
  if (narrow) return ON_A_PHONE;
  return panel ? WITH_PANEL : ALONE;
}
