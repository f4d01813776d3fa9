import type { LucideIcon } from "lucide-react";
import type { Shortcut } from "../core/shortcut";
import type { EditorState } from "../editor/store";
import type { MessageKey } from "../i18n";
import type { Settings } from "../settings/settings";

/** Groups of the shortcut dialog. */
export type ActionGroup = "file" | "tool" | "select" | "edit" | "mask" | "view" | "app";

/**
 * A user action. Toolbar, shortcuts, menus and the shortcut dialog are all generated from this description.
 */
export interface Action {
  readonly id: string;
  readonly group: ActionGroup;
  readonly label: MessageKey;
  /** Shorter label for buttons in a group; `label` if absent. */
  readonly short?: MessageKey;
  readonly icon: LucideIcon;
  /** Tooltips show the first one. */
  readonly shortcuts?: readonly Shortcut[];
  /** False if the server lacks the feature and the action is hidden; always visible if absent. */
  readonly offered?: (state: EditorState) => boolean;
  /** False while the action can't run; always enabled if absent. */
  readonly enabled?: (state: EditorState) => boolean;
  /** State of a toggle. */
  readonly checked?: (state: EditorState, settings: Settings) => boolean;
  /** Repeats while the key is held. */
  readonly repeats?: boolean;
  /**
   * Runs behind earlier commands in the queue and checks its preconditions then; its shortcuts therefore also
   * work while it is disabled.
   */
  readonly queued?: boolean;
  readonly perform: () => unknown;
  /** Ends an action that lasts while its key or button is held. */
  readonly release?: () => void;
}

/** Adds the ids to a record of actions, keeping them as literal types. */
export function defineActions<Id extends string>(list: Record<Id, Omit<Action, "id">>): Record<Id, Action> {
  const entries = Object.entries<Omit<Action, "id">>(list);
  return Object.fromEntries(entries.map(([id, action]) => [id, { id, ...action }])) as Record<Id, Action>;
}
