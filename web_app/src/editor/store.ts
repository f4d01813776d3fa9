import { create } from "zustand";
import type { Plugin } from "../api/plugins";
import type { AutoStrategy } from "../api/queries";
import type { ScreenSpace } from "../core/colour";
import type { Box, Size, View } from "../core/geometry";
import { EMPTY_HISTORY, type History } from "../core/history";
import type { Prompt } from "../core/prompt";
import type { Mode } from "../core/strokes";
import type { SelectionShape, ToolId } from "./tools/tool";

/** The open image; its pixels are in the {@link DocumentSession}. */
export interface OpenImage extends Size {
  readonly name: string;
  /** File it was opened from. */
  readonly file: Blob;
  /** Colour space of its bitmaps. */
  readonly space: ScreenSpace;
  /** Size of the image in the file. */
  readonly openedSize: Size;
}

/** Kinds of history steps. */
export type StepKind =
  "brush" | "eraser" | "shape" | "mask" | "select" | "fill" | "cutOut" | "upscale" | "faces";

/** An undoable step of the history. */
export interface Step {
  /** Id in the worker's delta store. */
  readonly id: number;
  readonly kind: StepKind;
  /** Memory used by its deltas. */
  readonly bytes: number;
  /** Object URL of its preview. */
  readonly thumbnail: string;
}

/** Server capabilities that the editor depends on. */
export interface ServerConfig {
  readonly enableFileManager: boolean;
  readonly enableAutoSaving: boolean;
  readonly plugins: readonly Plugin[];
  /** Plugins that IOPaint doesn't have; absent from other servers. */
  readonly additionalPlugins?: readonly Plugin[];
  /** Parameters of the `Auto` strategy; absent from other servers. */
  readonly autoStrategy?: AutoStrategy;
}

/** Tasks of jobs: a fill, an object selection, or an entry of the plugin menu. */
export type JobTask = "fill" | "select" | "text" | "background" | "cutOut" | "upscale" | "faces";

/** A running fill or plugin call. */
export interface Job {
  readonly id: string;
  readonly task: JobTask;
  /** Start time by `performance.now()`, in milliseconds. */
  readonly startedAt: number;
  readonly abort: AbortController;
  readonly progress: JobProgress;
}

/** Progress of a job as reported by the server. */
export interface JobProgress {
  readonly state: "preparing" | "queued" | "running";
  /** Number of jobs ahead of it in the queue. */
  readonly position: number | null;
  readonly crop: number | null;
  readonly crops: number | null;
}

/** The prompt of the object selection in progress. */
export interface CurrentPrompt extends Prompt {
  /** Identifies the prompt to the worker, which replaces its earlier results. */
  readonly id: number;
  /** The prompt whose result the mask contains; null before the first result. */
  readonly applied: Prompt | null;
}

/** State of the editor for the open image. */
export interface EditorState {
  readonly image: OpenImage | null;
  readonly history: History<Step>;
  /** Bounding box of the hole. */
  readonly hole: Box | null;
  readonly hasTransparency: boolean;
  /** True once a fill has completed, whose mask can be restored. */
  readonly hasPreviousFill: boolean;
  /** Transform from image to stage. */
  readonly view: View;
  /** True while the view is the fitted one, which follows the window's size. */
  readonly fitted: boolean;
  readonly tool: ToolId;
  /** Adds shapes to the mask or removes them from it. */
  readonly mode: Mode;
  /** Diameter of the brush on the screen, in CSS pixels. */
  readonly brush: number;
  /** Brush hardness from 0 (soft) to 1. */
  readonly hardness: number;
  readonly selectionShape: SelectionShape;
  /** Null unless the next click refines a selection. */
  readonly prompt: CurrentPrompt | null;
  /** True while a shape is being drawn. */
  readonly drawing: boolean;
  /** True while the original is shown. */
  readonly comparing: boolean;
  /**
   * Position of the divider between original and result as a fraction of the image's width; null if hidden.
   */
  readonly divider: number | null;
  readonly opening: boolean;
  readonly job: Job | null;
  /** Duration of the last fill in milliseconds. */
  readonly lastFillMs: number | null;
  /** Null until the server has responded. */
  readonly server: ServerConfig | null;
}

export const useEditor = create<EditorState>(() => ({
  image: null,
  history: EMPTY_HISTORY,
  hole: null,
  hasTransparency: false,
  hasPreviousFill: false,
  view: { scale: 1, x: 0, y: 0 },
  fitted: true,
  tool: "brush",
  mode: "add",
  brush: 40,
  hardness: 1,
  selectionShape: "box",
  prompt: null,
  drawing: false,
  comparing: false,
  divider: null,
  opening: false,
  job: null,
  lastFillMs: null,
  server: null,
}));
