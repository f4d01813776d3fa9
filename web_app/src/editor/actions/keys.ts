import { matches } from "../../core/shortcut";
import { useEditor } from "../store";
import type { Action } from "./action";
import { ACTION_LIST, takesKeys } from "./registry";

/** A key that is let go sooner was tapped, not held. */
const TAP_MS = 250;

const CONTROLS = "a[href], button, input, select, textarea, [tabindex='0']";

/** What has the keys to itself while it is open. A toast is a dialog by its role only. */
const OPEN_DIALOG = '[role="dialog"]:not(.kit-toast)';

/** Performs actions by their keys until the signal aborts. */
export function listenToKeys(signal: AbortSignal): void {
  const held = new Map<string, { readonly action: Action; readonly since: number }>();
  const letGo = (): void => {
    for (const { action } of held.values()) action.release?.();
    held.clear();
  };
  window.addEventListener(
    "keydown",
    (event) => {
      if (isTyping(event.target) || document.querySelector(OPEN_DIALOG)) return;
      if (event.defaultPrevented || (event.key.startsWith("Arrow") && isSlider(event.target))) return;
      // Tab goes on to the next control once one has the focus.
      if (event.key === "Tab" && !isOnPicture(event.target)) return;
      const state = useEditor.getState();
      const action = ACTION_LIST.find(
        (each) => each.shortcuts?.some((shortcut) => matches(shortcut, event)) && takesKeys(each, state),
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
      const pressed = held.get(code);
      if (!pressed) return;
      held.delete(code);
      pressed.action.release?.();
      // A key that is only tapped does what it does everywhere.
      if (code === "Tab" && timeStamp - pressed.since < TAP_MS) focusNext();
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

/** Whether arrow keys move what has the focus. */
function isSlider(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches("input, [role=slider]");
}

/** Whether keys belong to the picture, because nothing else has the focus. */
function isOnPicture(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.matches(".stage"));
}

/** Moves the focus as Tab does. */
function focusNext(): void {
  const controls = [...document.querySelectorAll<HTMLElement>(CONTROLS)].filter(
    (control) => !control.matches(":disabled, [hidden], [tabindex='-1']") && control.checkVisibility(),
  );
  const now = controls.findIndex((control) => control === document.activeElement);
  controls[(now + 1) % controls.length]?.focus();
}
