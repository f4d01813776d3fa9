import { useSettings } from "../../settings/store";
import type { EditorState } from "../store";
import type { Action } from "./action";
import { editActions } from "./edit";
import { fileActions } from "./file";
import { maskActions } from "./mask";
import { panelActions } from "./panels";
import { toolActions } from "./tools";
import { viewActions } from "./view";

/** Every action by its id. Where two share a key, the first that can be done is. */
export const ACTIONS = {
  ...fileActions,
  ...toolActions,
  ...editActions,
  ...maskActions,
  ...viewActions,
  ...panelActions,
} satisfies Record<string, Action>;

export type ActionId = keyof typeof ACTIONS;

/** All actions in the order in which dialogs list them. */
export const ACTION_LIST: readonly Action[] = Object.values(ACTIONS);

export function isEnabled(action: Action, state: EditorState): boolean {
  return isOffered(action, state) && (action.enabled?.(state) ?? true);
}

/** Whether its keys do something now. */
export function takesKeys(action: Action, state: EditorState): boolean {
  return action.waits ? isOffered(action, state) : isEnabled(action, state);
}

/** Whether it is shown at all. */
export function isOffered(action: Action, state: EditorState): boolean {
  return action.offered?.(state) ?? true;
}

export function isChecked(action: Action, state: EditorState): boolean | undefined {
  return action.checked?.(state, useSettings.getState());
}
