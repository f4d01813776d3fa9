import { useEffect, useRef } from "react";
import type { Insets } from "../core/geometry";
import { usePanel } from "../editor/panel";
import { currentStage, mountStage } from "../editor/stage/stage";
import { useEditor, type OpenImage } from "../editor/store";
import { useT } from "../i18n";
import { Divider } from "./Divider";
import { PromptMarks } from "./PromptMarks";
import { useNarrow } from "./useNarrow";

/**
 * The canvases for the image and its mask, the brush cursor and the comparison slider. The stage draws on
 * them.
 */
export function StageView({ image }: { image: OpenImage }) {
  const t = useT();
  const root = useRef<HTMLDivElement>(null);
  const imageCanvas = useRef<HTMLCanvasElement>(null);
  const maskCanvas = useRef<HTMLCanvasElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const divider = useRef<HTMLDivElement>(null);
  const busy = useEditor((state) => state.job !== null);
  const insets = useInsets();

  useEffect(() => {
    if (!root.current || !imageCanvas.current || !maskCanvas.current || !ring.current || !divider.current)
      return;
    const elements = {
      root: root.current,
      image: imageCanvas.current,
      mask: maskCanvas.current,
      ring: ring.current,
      divider: divider.current,
    };
    return mountStage(elements, image);
  }, [image]);
  useEffect(() => {
    currentStage()?.setInsets(insets);
  }, [insets, image]);

  const { name, width, height } = image;
  return (
    <main
      ref={root}
      className="stage"
      tabIndex={0}
      aria-label={t("stage.label")}
      aria-describedby="stage-keys"
      aria-busy={busy}
    >
      <canvas
        // The colour space of a canvas is fixed at its first getContext call.
        key={image.space}
        ref={imageCanvas}
        className="image"
        role="img"
        aria-label={t("stage.image", { name, width: String(width), height: String(height) })}
      />
      <canvas ref={maskCanvas} className="mask" aria-hidden="true" />
      <p id="stage-keys" className="sr-only">
        {t("stage.keyboardHelp")}
      </p>
      <PromptMarks />
      <Divider ref={divider} />
      <div ref={ring} className="ring" hidden />
    </main>
  );
}

/** CSS pixels that the toolbars cover. */
const INSETS: Insets = { top: 64, right: 72, bottom: 112, left: 72 };
const INSETS_WITH_PANEL: Insets = { ...INSETS, right: 320 };
const INSETS_NARROW: Insets = { top: 56, right: 8, bottom: 212, left: 8 };

/** Returns the window insets that the toolbars and the panel cover. */
function useInsets(): Insets {
  const narrow = useNarrow();
  const panelOpen = usePanel((state) => state.open);
  if (narrow) return INSETS_NARROW;
  return panelOpen ? INSETS_WITH_PANEL : INSETS;
}
