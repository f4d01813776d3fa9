import { matches } from "../../core/shortcut";
import { useDialog } from "../dialogs";
import { useEditor } from "../store";
import type { Action } from "./action";
import { ACTION_LIST, isEnabled } from "./registry";

/** Performs actions by their keys until the signal aborts. */
export function listenToKeys(signal: AbortSignal): void {
  const held = new Map<string, Action>();
  const letGo = (): void => {
    for (const action of held.values()) action.release?.();
    held.clear();
  };
  window.addEventListener(
    "keydown",
    (event) => {
      if (useDialog.getState().open || isTyping(event.target)) return;
      // Tab goes on to the next control once one has the focus.
      if (event.key === "Tab" && event.target !== document.body) return;
      const state = useEditor.getState();
      const action = ACTION_LIST.find(
        (each) => each.shortcuts?.some((shortcut) => matches(shortcut, event)) && isEnabled(each, state),
      );
      if (!action) return;
      event.preventDefault();
      if (event.repeat && !action.repeats) return;
      if (action.release) held.set(event.code, action);
      void action.perform();
    },
    { signal },
  );
  window.addEventListener(
    "keyup",
    ({ code }) => {
      held.get(code)?.release?.();
      held.delete(code);
    },
    { signal },
  );
  window.addEventListener("blur", letGo, { signal });
  signal.addEventListener("abort", letGo);
}

/** Whether keys belong to a field of text. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(?:button|checkbox|radio|range)$/.test(target.type);
  return (
    target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}
