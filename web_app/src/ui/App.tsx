import { useState } from "react";
import { useEditor } from "../editor/store";
import type { Stage } from "../editor/stage";
import { Header } from "./Header";
import { NoticeBar } from "./NoticeBar";
import { StageView } from "./StageView";
import { Toolbar } from "./Toolbar";
import { useFileDrop } from "./useFileDrop";
import { useShortcuts } from "./useShortcuts";
import { Welcome } from "./Welcome";

/** The whole page. */
export function App() {
  const opened = useEditor((state) => state.picture !== null);
  const [stage, setStage] = useState<Stage | null>(null);
  const dragging = useFileDrop();
  useShortcuts(stage);
  return (
    <div className={dragging ? "app dragging" : "app"}>
      <Header stage={stage} />
      <main>{opened ? <StageView onStage={setStage} /> : <Welcome />}</main>
      {opened && <Toolbar />}
      <NoticeBar />
    </div>
  );
}
