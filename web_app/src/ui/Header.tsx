import { currentStage } from "../editor/stage";
import { useEditor } from "../editor/store";
import { ModelStatus } from "./ModelStatus";

/** The thin top line: what is open, how large it is shown, and the model. */
export function Header() {
  const picture = useEditor((state) => state.picture);
  const percent = useEditor((state) => Math.round(state.view.scale * 100));
  return (
    <header>
      <strong className="brand">IOPaint</strong>
      {picture && (
        <>
          <span className="name" title={picture.name}>
            {picture.name}
          </span>
          <span className="size">
            {picture.width} × {picture.height}
          </span>
          <button
            type="button"
            className="zoom"
            title="Show the whole picture (0)"
            aria-label={`Zoom ${percent} %: show the whole picture`}
            onClick={() => currentStage()?.fit()}
          >
            {percent} %
          </button>
        </>
      )}
      <ModelStatus />
    </header>
  );
}
