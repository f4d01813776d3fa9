import { useEffect } from "react";
import { useServerConfig } from "../api/queries";
import { useEditor } from "../editor/store";

/** Tells the editor what the server can do. */
export function useServer(): void {
  const { data: server } = useServerConfig();
  useEffect(() => {
    if (server) useEditor.setState({ server });
  }, [server]);
}
