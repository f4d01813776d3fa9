import { useEffect, useState } from "react";
import { open } from "../editor/commands/session";

/** Whether a file is being dragged over the page. One that is dropped beside the zones is opened, as is one pasted. */
export function useFileDrag(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const on = { signal: stop.signal };
    const listen = <K extends keyof WindowEventMap>(type: K, take: (event: WindowEventMap[K]) => void) => {
      window.addEventListener(type, take, on);
    };
    listen("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setDragging(true);
    });
    listen("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) setDragging(false);
    });
    listen("drop", (event) => {
      event.preventDefault();
      setDragging(false);
      if (!(event.target instanceof Element && event.target.closest(".drop-zone"))) {
        openFirst(event.dataTransfer);
      }
    });
    listen("paste", ({ clipboardData }) => {
      openFirst(clipboardData);
    });
    return () => {
      stop.abort();
    };
  }, []);
  return dragging;
}

function openFirst(data: DataTransfer | null): void {
  const file = data?.files[0];
  if (file) void open(file);
}
