import { useEffect } from "react";
import { listenToKeys } from "../actions/keys";
import { useEditor } from "../editor/store";
import { ActionBar } from "./ActionBar";
import { Dialogs } from "./Dialogs";
import { DropZones } from "./DropZones";
import { FileInputs } from "./FileInputs";
import { SidePanel } from "./SidePanel";
import { StageView } from "./StageView";
import { ToolRail } from "./ToolRail";
import { TopBar } from "./TopBar";
import { useServer } from "./useServer";
import { Welcome } from "./Welcome";

/** The root component. */
export function App() {
  const image = useEditor((state) => state.image);
  useServer();
  useEffect(() => {
    const controller = new AbortController();
    listenToKeys(controller.signal);
    return () => {
      controller.abort();
    };
  }, []);
  return (
    <>
      <TopBar />
      {image ? (
        <>
          <ToolRail />
          <StageView image={image} />
          <ActionBar />
          <SidePanel />
        </>
      ) : (
        <Welcome />
      )}
      <FileInputs />
      <DropZones />
      <Dialogs />
    </>
  );
}
