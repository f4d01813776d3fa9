import { useEffect } from "react";
import { cancel, redoStep, run, setBrush, setComparing, setTool, undoStep } from "../editor/actions";
import type { Stage } from "../editor/stage";
import { useEditor } from "../editor/store";

const BRUSH_STEP = 1.15;
const ZOOM_STEP = 1.25;

/** Listens to the page's keys. */
export function useShortcuts(stage: Stage | null): void {
  useEffect(() => {
    const stop = new AbortController();
    const on = { signal: stop.signal };
    window.addEventListener(
      "keydown",
      (event) => {
        if (event.ctrlKey || event.metaKey ? pressCommand(event) : pressKey(event, stage))
          event.preventDefault();
      },
      on,
    );
    window.addEventListener(
      "keyup",
      ({ key }) => {
        if (key.toLowerCase() === "c") setComparing(false);
      },
      on,
    );
    window.addEventListener(
      "blur",
      () => {
        setComparing(false);
      },
      on,
    );
    return () => {
      stop.abort();
    };
  }, [stage]);
}

/** Presses the button that a shortcut stands for, so that both do the same. */
function click(shortcut: string): boolean {
  const button = document.querySelector<HTMLButtonElement>(`[data-shortcut="${shortcut}"]`);
  button?.click();
  return button !== null;
}

function pressCommand({ key, shiftKey, altKey }: KeyboardEvent): boolean {
  if (altKey) return false;
  switch (key.toLowerCase()) {
    case "z":
      (shiftKey ? redoStep : undoStep)();
      return true;
    case "y":
      redoStep();
      return true;
    case "o":
      return click("open");
    case "s":
      return click("save");
    default:
      return false;
  }
}

function pressKey({ key, target, altKey, repeat }: KeyboardEvent, stage: Stage | null): boolean {
  const { picture, brush, job, manual, tool } = useEditor.getState();
  if (!picture || altKey) return false;
  switch (key) {
    case "[":
      setBrush(Math.min(brush / BRUSH_STEP, brush - 1));
      return true;
    case "]":
      setBrush(Math.max(brush * BRUSH_STEP, brush + 1));
      return true;
    case "+":
    case "=":
      stage?.zoomBy(ZOOM_STEP);
      return true;
    case "-":
      stage?.zoomBy(1 / ZOOM_STEP);
      return true;
    case "0":
      stage?.fit();
      return true;
    case "Escape":
      if (job) cancel();
      else stage?.fit();
      return true;
    case "Enter":
      // On a control Enter presses that control.
      if (target !== document.body) return false;
      void run();
      return true;
    case "e":
    case "E":
      if (manual && !repeat) setTool(tool === "erase" ? "paint" : "erase");
      return manual;
    case "c":
    case "C":
      setComparing(true);
      return true;
    default:
      return false;
  }
}
