import { useEffect } from "react";
import { listenToKeys } from "../editor/actions/keys";
import { useEditor } from "../editor/store";
import { Dialogs } from "./Dialogs";
import { Header } from "./Header";
import { NoticeBar } from "./NoticeBar";
import { PictureInput } from "./PictureInput";
import { StageView } from "./StageView";
import { Toolbar } from "./Toolbar";
import { useFileDrop } from "./useFileDrop";
import { useServer } from "./useServer";
import { Welcome } from "./Welcome";

/** The whole page. */
export function App() {
  const opened = useEditor((state) => state.picture !== null);
  const dragging = useFileDrop();
  useServer();
  useEffect(() => {
    const stop = new AbortController();
    listenToKeys(stop.signal);
    return () => {
      stop.abort();
    };
  }, []);
  return (
    <div className={dragging ? "app dragging" : "app"}>
      <Header />
      <main>{opened ? <StageView /> : <Welcome />}</main>
      {opened && <Toolbar />}
      <NoticeBar />
      <PictureInput />
      <Dialogs />
    </div>
  );
}
