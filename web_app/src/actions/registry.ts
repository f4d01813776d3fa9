import type { EditorState } from "../editor/store";
import { useSettings } from "../settings/store";
import type { Action } from "./action";
import { editActions } from "./edit";
import { fileActions } from "./file";
import { maskActions } from "./mask";
import { panelActions } from "./panels";
import { pluginActions } from "./plugins";
import { toolActions } from "./tools";
import { viewActions } from "./view";

/** All actions by id. Of several with the same shortcut, the first enabled one runs. */
export const ACTIONS = {
  ...fileActions,
  ...toolActions,
  ...pluginActions,
  ...editActions,
  ...maskActions,
  ...viewActions,
  ...panelActions,
} satisfies Record<string, Action>;

export type ActionId = keyof typeof ACTIONS;

/** All actions in the order of the shortcut dialog. */
export const ACTION_LIST: readonly Action[] = Object.values(ACTIONS);

export function isEnabled(action: Action, state: EditorState): boolean {
  return isOffered(action, state) && (action.enabled?.(state) ?? true);
}

/** Returns true if an action's shortcuts are active. */
export function acceptsKeys(action: Action, state: EditorState): boolean {
  return action.queued ? isOffered(action, state) : isEnabled(action, state);
}

/** Returns true if an action is visible. */
export function isOffered(action: Action, state: EditorState): boolean {
  return action.offered?.(state) ?? true;
}

export function isChecked(action: Action, state: EditorState): boolean | undefined {
  return action.checked?.(state, useSettings.getState());
}
