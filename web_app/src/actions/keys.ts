import { matches } from "../core/shortcut";
import { useEditor } from "../editor/store";
import type { Action } from "./action";
import { acceptsKeys, ACTION_LIST } from "./registry";

/** A shorter key press is a tap, in milliseconds. */
const TAP_MAX_MS = 250;

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex='0']";

/** Open dialogs handle all keys themselves. Toasts have the dialog role but don't. */
const OPEN_DIALOG = '[role="dialog"]:not(.kit-toast)';

/** Runs actions by their shortcuts until the signal aborts. */
export function listenToKeys(signal: AbortSignal): void {
  const held = new Map<string, { readonly action: Action; readonly since: number }>();
  const releaseAll = (): void => {
    for (const { action } of held.values()) action.release?.();
    held.clear();
  };
  window.addEventListener(
    "keydown",
    (event) => {
      if (acceptsText(event.target) || document.querySelector(OPEN_DIALOG)) return;
      if (event.defaultPrevented || (event.key.startsWith("Arrow") && handlesArrows(event.target))) return;
      // Shortcuts only while the stage or nothing is focused; otherwise Tab moves the focus and Enter
      // presses.
      if ((event.key === "Tab" || event.key === "Enter") && !isStageFocused(event.target)) return;
      const state = useEditor.getState();
      const action = ACTION_LIST.find(
        (each) => each.shortcuts?.some((shortcut) => matches(shortcut, event)) && acceptsKeys(each, state),
      );
      if (!action) return;
      event.preventDefault();
      if (event.repeat && !action.repeats) return;
      if (action.release) held.set(event.code, { action, since: event.timeStamp });
      void action.perform();
    },
    { signal },
  );
  window.addEventListener(
    "keyup",
    ({ code, timeStamp }) => {
      const entry = held.get(code);
      if (!entry) return;
      held.delete(code);
      entry.action.release?.();
      // A tap on Tab moves the focus as usual.
      if (code === "Tab" && timeStamp - entry.since < TAP_MAX_MS) focusNext();
    },
    { signal },
  );
  window.addEventListener("blur", releaseAll, { signal });
  signal.addEventListener("abort", releaseAll);
}

/** Returns true for elements that accept text input. */
function acceptsText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !/^(?:button|checkbox|radio|range)$/.test(target.type);
  return (
    target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}

/** Returns true for elements that handle arrow keys. */
function handlesArrows(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, [role=slider]");
}

/** Returns true if the stage, or nothing, is focused. */
function isStageFocused(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.matches(".stage"));
}

/** Moves the focus to the next control. */
function focusNext(): void {
  const controls = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (control) => !control.matches(":disabled, [hidden], [tabindex='-1']") && control.checkVisibility(),
  );
  const now = controls.findIndex((control) => control === document.activeElement);
  controls[(now + 1) % controls.length]?.focus();
}
