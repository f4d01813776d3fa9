import { useEffect, useState } from "react";
import { open } from "../editor/commands";

/** Opens files that are dropped anywhere on the page or pasted; answers whether one is being dragged over it. */
export function useFileDrop(): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const on = { signal: stop.signal };
    window.addEventListener(
      "dragover",
      (event) => {
        event.preventDefault();
        setDragging(true);
      },
      on,
    );
    window.addEventListener(
      "dragleave",
      (event) => {
        if (event.relatedTarget === null) setDragging(false);
      },
      on,
    );
    window.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        setDragging(false);
        openFirst(event.dataTransfer);
      },
      on,
    );
    window.addEventListener(
      "paste",
      (event) => {
        openFirst(event.clipboardData);
      },
      on,
    );
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
