import type { LucideIcon } from "lucide-react";
import type { Shortcut } from "../../core/shortcut";
import type { MessageKey } from "../../i18n";
import type { Settings } from "../../settings/settings";
import type { EditorState } from "../store";

/** Where an action is listed in the shortcut dialog. */
export type ActionGroup = "file" | "tool" | "edit" | "mask" | "view" | "app";

/**
 * Something a person can do. The one description feeds the toolbar, the keys, the menus and the shortcut dialog, so
 * that they can't disagree.
 */
export interface Action {
  readonly id: string;
  readonly group: ActionGroup;
  readonly label: MessageKey;
  /** What is written on a button among others of its kind; the label where absent. */
  readonly short?: MessageKey;
  readonly icon: LucideIcon;
  /** The first one is shown in tooltips. */
  readonly shortcuts?: readonly Shortcut[];
  /** Whether the server offers it at all; where absent, always. */
  readonly offered?: (state: EditorState) => boolean;
  /** Whether it can be done now; where absent, always. */
  readonly enabled?: (state: EditorState) => boolean;
  /** Whether it is on, for what can be on or off. */
  readonly checked?: (state: EditorState, settings: Settings) => boolean;
  /** Whether holding the key does it again and again. */
  readonly repeats?: boolean;
  /**
   * Whether it waits for what was asked for before it, and finds out only then whether it can be done: its keys may be
   * pressed sooner.
   */
  readonly waits?: boolean;
  readonly perform: () => unknown;
  /** For what lasts as long as the key or button is held: ends it. */
  readonly release?: () => void;
}

/** Types a list of actions so that their ids are known one by one. */
export function actions<Id extends string>(list: Record<Id, Omit<Action, "id">>): Record<Id, Action> {
  const entries = Object.entries<Omit<Action, "id">>(list);
  return Object.fromEntries(entries.map(([id, action]) => [id, { id, ...action }])) as Record<Id, Action>;
}
