import type { EditorState } from "../store";
import type { Action } from "./action";
import { editActions } from "./edit";
import { fileActions } from "./file";
import { panelActions } from "./panels";
import { toolActions } from "./tools";
import { viewActions } from "./view";

/** Every action by its id. */
export const ACTIONS = {
  ...fileActions,
  ...toolActions,
  ...editActions,
  ...viewActions,
  ...panelActions,
} satisfies Record<string, Action>;

export type ActionId = keyof typeof ACTIONS;

/** All actions in the order in which dialogs list them. */
export const ACTION_LIST: readonly Action[] = Object.values(ACTIONS);

export function isEnabled(action: Action, state: EditorState): boolean {
  return action.enabled?.(state) ?? true;
}
