import { useEffect } from "react";
import { useKey } from "../api/key";
import { inputImage } from "../api/media";
import { useServerConfig } from "../api/queries";
import { open } from "../editor/commands/session";
import { useEditor } from "../editor/store";

/** Copies the server's configuration to the editor and opens the image that the server was started with. */
export function useServer(): void {
  const { data: server } = useServerConfig();
  const acceptedCount = useKey((state) => state.acceptedCount);
  useEffect(() => {
    if (server) useEditor.setState({ server });
  }, [server]);
  useEffect(() => {
    let mounted = true;
    inputImage().then(
      (file) => {
        // An image opened in the meantime takes precedence.
        if (mounted && file && !useEditor.getState().image) void open(file);
      },
      // The model status reports an unreachable server.
      () => undefined,
    );
    return () => {
      mounted = false;
    };
  }, [acceptedCount]);
}
