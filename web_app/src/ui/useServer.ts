import { useEffect } from "react";
import { useKey } from "../api/key";
import { inputImage } from "../api/media";
import { useServerConfig } from "../api/queries";
import { open } from "../editor/commands/session";
import { useEditor } from "../editor/store";

/** Tells the editor what the server can do, and opens the picture that the server was started with. */
export function useServer(): void {
  const { data: server } = useServerConfig();
  const acceptedCount = useKey((state) => state.acceptedCount);
  useEffect(() => {
    if (server) useEditor.setState({ server });
  }, [server]);
  useEffect(() => {
    let current = true;
    inputImage().then(
      (file) => {
        // Whoever was quicker to open one keeps it.
        if (current && file && !useEditor.getState().picture) void open(file);
      },
      // A server that isn't reached is told of at the top of the page.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [acceptedCount]);
}
