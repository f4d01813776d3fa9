import { lazy, Suspense } from "react";
import { ACTIONS, isOffered } from "../actions/registry";
import { pluginsOf } from "../editor/commands/plugin";
import { currentStage } from "../editor/stage/stage";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { ActionButton } from "./ActionButton";
import { Tooltip } from "./kit";
import { ModelStatus } from "./ModelStatus";

// Loaded only if the server has plugins.
const PluginMenu = lazy(() => import("./PluginMenu"));

/** The bar at the top: image name, size and zoom, model status, and buttons for the dialogs and the panel. */
export function TopBar() {
  const t = useT();
  const image = useEditor((state) => state.image);
  const hasPlugins = useEditor(({ server }) => pluginsOf(server).length > 0);
  const hasFiles = useEditor((state) => isOffered(ACTIONS.files, state));
  return (
    <header className="top-bar">
      <div className="flex min-w-0 flex-1 items-center gap-1">
        <ActionButton id="open" side="bottom" />
        {image ? (
          <>
            <span className="min-w-0 truncate pl-1 font-medium" title={image.name}>
              {image.name}
            </span>
            <span className="shrink-0 pl-2 text-soft tabular-nums max-sm:hidden">
              {image.width} × {image.height}
            </span>
            <Zoom />
          </>
        ) : (
          <strong className="pl-1 font-semibold">{t("app.name")}</strong>
        )}
      </div>
      <div className="flex shrink-0 items-center gap-1">
        <ModelStatus />
        {hasPlugins && (
          <Suspense fallback={null}>
            <PluginMenu />
          </Suspense>
        )}
        {hasFiles && <ActionButton id="files" side="bottom" />}
        <ActionButton id="batch" side="bottom" className={image ? "max-sm:hidden" : ""} />
        <ActionButton id="shortcuts" side="bottom" className="max-sm:hidden" />
        <ActionButton id="settings" side="bottom" />
        {image && <ActionButton id="panel" side="bottom" />}
      </div>
    </header>
  );
}

/** The zoom level. A click fits the image to the window. */
function Zoom() {
  const t = useT();
  const percent = useEditor((state) => Math.round(state.view.scale * devicePixelRatio * 100));
  return (
    <Tooltip text={t("action.fit")} shortcut="Esc" side="bottom">
      <button
        type="button"
        className="h-control shrink-0 rounded-md px-2 text-soft max-sm:hidden tabular-nums transition-colors hover:bg-hover hover:text-text"
        aria-label={t("top.zoom", { percent: String(percent) })}
        onClick={({ currentTarget, detail }) => {
          if (detail > 0) currentTarget.blur();
          currentStage()?.fit();
        }}
      >
        {percent}%
      </button>
    </Tooltip>
  );
}
