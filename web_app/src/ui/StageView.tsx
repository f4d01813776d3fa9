import { useEffect, useRef } from "react";
import { useEditor } from "../editor/store";
import { mountStage } from "../editor/stage";

/** The picture with its strokes; everything on it is drawn by {@link Stage}. */
export function StageView() {
  const root = useRef<HTMLDivElement>(null);
  const pictureCanvas = useRef<HTMLCanvasElement>(null);
  const strokesCanvas = useRef<HTMLCanvasElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const picture = useEditor((state) => state.picture);
  const working = useEditor((state) => state.job !== null);

  useEffect(() => {
    if (!root.current || !pictureCanvas.current || !strokesCanvas.current || !ring.current) return;
    return mountStage({
      root: root.current,
      picture: pictureCanvas.current,
      strokes: strokesCanvas.current,
      ring: ring.current,
    });
  }, []);

  const label = picture ? `${picture.name}, ${picture.width} by ${picture.height} pixels` : "";
  return (
    <div ref={root} className={working ? "stage working" : "stage"} aria-busy={working}>
      <canvas ref={pictureCanvas} className="picture" role="img" aria-label={label} />
      <canvas ref={strokesCanvas} className="strokes" aria-hidden="true" />
      <div ref={ring} className="ring" hidden />
    </div>
  );
}
