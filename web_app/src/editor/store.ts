import { create } from "zustand";
import type { Plugin } from "../api/plugins";
import type { ScreenSpace } from "../core/colour";
import type { Box, Size, View } from "../core/geometry";
import { EMPTY_HISTORY, type History } from "../core/history";
import type { Mode } from "../core/strokes";
import type { ToolId } from "./tools/tool";

/** An opened picture; its pixels are on the desk. */
export interface Picture extends Size {
  readonly name: string;
  /** The file that it came from. */
  readonly file: Blob;
  readonly hasTransparency: boolean;
  /** What the numbers of its bitmaps mean. */
  readonly space: ScreenSpace;
}

/** What a step of the history was. */
export type StepKind = "brush" | "eraser" | "shape" | "mask" | "fill" | "plugin";

/** Something that can be undone. */
export interface Step {
  /** Its number on the desk. */
  readonly id: number;
  readonly kind: StepKind;
  /** What it costs to keep, in bytes. */
  readonly bytes: number;
  /** Address of a small picture of it. */
  readonly thumbnail: string;
}

/** What the server says it can do, as far as the page cares. */
export interface ServerConfig {
  readonly enableFileManager: boolean;
  readonly enableAutoSaving: boolean;
  readonly plugins: readonly Plugin[];
}

/** A fill under way, or a plugin's work. */
export interface Job {
  readonly id: string;
  /** `performance.now()` at its start. */
  readonly since: number;
  readonly abort: AbortController;
  /** The plugin that works, where it is one. */
  readonly plugin?: string;
  readonly progress: JobProgress;
}

/** How far a fill is, as far as the server told. */
export interface JobProgress {
  readonly state: "preparing" | "queued" | "running";
  /** Jobs before it in the queue. */
  readonly position: number | null;
  readonly crop: number | null;
  readonly crops: number | null;
}

/** Everything the page shows of the picture that is being edited. */
export interface EditorState {
  readonly picture: Picture | null;
  readonly history: History<Step>;
  /** The rectangle around the mask. */
  readonly hole: Box | null;
  /** Whether there is a mask of an earlier fill. */
  readonly filledBefore: boolean;
  /** Where the picture lies on the stage. */
  readonly view: View;
  readonly tool: ToolId;
  /** Whether shapes add to the mask or take away from it. */
  readonly mode: Mode;
  /** Diameter of the brush on the screen, in CSS pixels. */
  readonly brush: number;
  /** From 0, soft, to 1. */
  readonly hardness: number;
  /** Whether a shape is begun and not yet ended. */
  readonly drawing: boolean;
  /** Whether the original is shown. */
  readonly comparing: boolean;
  /** Where original and result meet, from 0 at the left to 1 at the right of the picture; null where they don't. */
  readonly divider: number | null;
  readonly opening: boolean;
  readonly job: Job | null;
  /** How long the last fill took, in milliseconds. */
  readonly took: number | null;
  /** Null until the server has told. */
  readonly server: ServerConfig | null;
}

export const useEditor = create<EditorState>(() => ({
  picture: null,
  history: EMPTY_HISTORY,
  hole: null,
  filledBefore: false,
  view: { scale: 1, x: 0, y: 0 },
  tool: "brush",
  mode: "add",
  brush: 40,
  hardness: 1,
  drawing: false,
  comparing: false,
  divider: null,
  opening: false,
  job: null,
  took: null,
  server: null,
}));
