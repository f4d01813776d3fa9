import { create } from "zustand";
import type { View } from "../core/geometry";
import { EMPTY_HISTORY, type History } from "../core/history";
import type { Step } from "../core/steps";
import type { Picture } from "./picture";

/** A message that stays until it is dismissed or replaced. */
export interface Notice {
  readonly kind: "error" | "info";
  readonly text: string;
}

/** What the server says it can do, as far as the page cares. */
export interface ServerConfig {
  readonly enableFileManager: boolean;
  readonly enableAutoSaving: boolean;
}

/** A fill under way. */
export interface Job {
  /** `performance.now()` at its start. */
  readonly since: number;
  readonly abort: AbortController;
}

/** Everything the page shows of the picture that is being edited. */
export interface EditorState {
  readonly picture: Picture | null;
  /** Counts changes of the picture's working pixels, which are edited in place. */
  readonly revision: number;
  readonly history: History<Step>;
  /** Where the picture lies on the stage. */
  readonly view: View;
  readonly tool: "paint" | "erase";
  /** Diameter of the brush on the screen, in CSS pixels. */
  readonly brush: number;
  /** Whether strokes wait for the run button. */
  readonly manual: boolean;
  /** Whether the original is shown. */
  readonly comparing: boolean;
  readonly opening: boolean;
  readonly job: Job | null;
  /** How long the last fill took, in milliseconds. */
  readonly took: number | null;
  readonly notice: Notice | null;
  /** Null until the server has told. */
  readonly server: ServerConfig | null;
}

export const useEditor = create<EditorState>(() => ({
  picture: null,
  revision: 0,
  history: EMPTY_HISTORY,
  view: { scale: 1, x: 0, y: 0 },
  tool: "paint",
  brush: 40,
  manual: false,
  comparing: false,
  opening: false,
  job: null,
  took: null,
  notice: null,
  server: null,
}));
