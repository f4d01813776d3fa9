import { useEffect, useState } from "react";
import { open } from "../editor/commands/session";

/**
 * Returns whether a file is being dragged over the page. Opens files that are pasted, or dropped outside the
 * drop zones.
 */
export function useFileDrag(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const listen = <K extends keyof WindowEventMap>(type: K, handler: (event: WindowEventMap[K]) => void) => {
      window.addEventListener(type, handler, { signal });
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
      controller.abort();
    };
  }, []);
  return dragging;
}

function openFirst(data: DataTransfer | null): void {
  const file = data?.files[0];
  if (file) void open(file);
}
