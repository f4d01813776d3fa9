// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor, type EditorState, type Job } from "../editor/store";
import { openImage, resetEditor, settled } from "../editor/testing/editor";
import { useSettings } from "../settings/store";
import {
  ACTION_LIST,
  ACTIONS,
  acceptsKeys,
  isChecked,
  isEnabled,
  isOffered,
  type ActionId,
} from "./registry";

vi.mock("../editor/document/client", () => import("../editor/testing/client"));
vi.mock("../editor/document/codec", () => import("../editor/testing/codec"));

const job: Job = {
  id: "1",
  task: "fill",
  startedAt: 0,
  abort: new AbortController(),
  progress: { state: "running", position: null, crop: null, crops: null },
};
const step = { id: 1, kind: "brush", bytes: 1, thumbnail: "" } as const;
const hole = { x: 0, y: 0, width: 1, height: 1 };

/** Returns the enabled ones of some actions. */
function enabled(ids: readonly ActionId[], change: Partial<EditorState> = {}): ActionId[] {
  const state = { ...useEditor.getState(), ...change };
  return ids.filter((id) => isEnabled(ACTIONS[id], state));
}

beforeEach(resetEditor);
afterEach(resetEditor);

describe("action registry", () => {
  it("gives every action its id and a label", () => {
    expect(ACTION_LIST.map(({ id }) => id)).toEqual(Object.keys(ACTIONS));
    for (const { label } of ACTION_LIST) expect(label).toMatch(/^(action|tool)\./);
  });

  it("shares a shortcut only where states exclude each other", () => {
    const owners = new Map<string, string[]>();
    for (const { id, shortcuts = [] } of ACTION_LIST)
      for (const shortcut of shortcuts) owners.set(shortcut, [...(owners.get(shortcut) ?? []), id]);
    expect(Object.fromEntries([...owners].filter(([, ids]) => ids.length > 1))).toEqual({
      Enter: ["closeShape", "mainObject"],
      Escape: ["dropShape", "endPrompt", "cancel", "fit"],
      Backspace: ["lastPoint", "clearMask"],
    });
  });
});

describe("enabled actions", () => {
  it("without an image are those that open one", () => {
    const always: ActionId[] = ["open", "batch", "models", "settings", "shortcuts"];
    const withImage: ActionId[] = [
      "save",
      "saveAs",
      "copy",
      "brush",
      "polygon",
      "compare",
      "divide",
      "fit",
      "zoomIn",
    ];
    expect(enabled([...always, ...withImage])).toEqual(always);
  });

  it("with an image include tools and views", async () => {
    await openImage();
    const ids: ActionId[] = [
      "save",
      "saveAs",
      "copy",
      "brush",
      "pan",
      "compare",
      "divide",
      "fit",
      "actualSize",
      "panel",
    ];
    expect(enabled(ids)).toEqual(ids);
    expect(enabled(["invertMask", "importMask"])).toEqual(["invertMask", "importMask"]);
  });

  it("depend on the mask", () => {
    const ids: ActionId[] = ["run", "growMask", "shrinkMask", "featherMask", "clearMask", "saveMask"];
    expect(enabled(ids)).toEqual([]);
    expect(enabled(ids, { hole })).toEqual(ids);
  });

  it("depend on the history", () => {
    const history = (past: number, future: number) => ({
      history: { past: Array<typeof step>(past).fill(step), future: Array<typeof step>(future).fill(step) },
    });
    expect(enabled(["undo", "redo"])).toEqual([]);
    expect(enabled(["undo", "redo"], history(1, 0))).toEqual(["undo"]);
    expect(enabled(["undo", "redo"], history(0, 1))).toEqual(["redo"]);
  });

  it("repeat a fill only after one", () => {
    expect(enabled(["again"])).toEqual([]);
    expect(enabled(["again"], { hasPreviousFill: true })).toEqual(["again"]);
  });

  it("leave only cancelling during a job", async () => {
    await openImage();
    const ids: ActionId[] = [
      "run",
      "again",
      "undo",
      "redo",
      "growMask",
      "clearMask",
      "invertMask",
      "importMask",
      "cancel",
    ];
    const history = { past: [step], future: [step] };
    expect(enabled(ids, { job, hole, history, hasPreviousFill: true })).toEqual(["cancel"]);
    expect(enabled(["cancel"])).toEqual([]);
  });

  it("of the selection depend on its state", async () => {
    await openImage();
    const plugins = [{ name: "InteractiveSeg", support_gen_image: false, support_gen_mask: true }];
    const server = { enableFileManager: false, enableAutoSaving: false, plugins };
    const prompt = { id: 1, mode: "add", area: null, clicks: [], applied: null } as const;
    const ids: ActionId[] = ["selectObject", "mainObject", "outline", "endPrompt"];
    expect(enabled(ids, { server })).toEqual(["selectObject"]);
    expect(enabled(ids, { server, tool: "select" })).toEqual(["selectObject", "mainObject", "outline"]);
    expect(enabled(ids, { server, prompt })).toEqual(["selectObject", "endPrompt"]);
    expect(enabled(ids, { server, prompt, job })).toEqual([]);
  });

  it("edit a shape only while it is drawn", () => {
    const ids: ActionId[] = ["closeShape", "lastPoint", "dropShape"];
    expect(enabled(ids)).toEqual([]);
    expect(enabled(ids, { drawing: true })).toEqual(ids);
  });

  it("mask transparency of transparent images only", async () => {
    await openImage();
    expect(enabled(["maskFromOpacity"])).toEqual([]);
    expect(enabled(["maskFromOpacity"], { hasTransparency: true })).toEqual(["maskFromOpacity"]);
  });
});

describe("offered actions", () => {
  it("depend on the server's features", () => {
    const server = { enableFileManager: false, enableAutoSaving: false, plugins: [] };
    const state = useEditor.getState();
    const plugin = (name: string, image: boolean, mask: boolean) => ({
      ...server,
      plugins: [{ name, support_gen_image: image, support_gen_mask: mask }],
    });
    for (const [id, offered] of [
      ["files", { ...server, enableFileManager: true }],
      ["select", plugin("InteractiveSeg", false, true)],
      ["selectObject", plugin("InteractiveSeg", false, true)],
      ["selectText", { ...server, additionalPlugins: plugin("TextMask", false, true).plugins }],
      ["selectBackground", plugin("RemoveBG", false, true)],
      ["removeBackground", plugin("RemoveBG", true, false)],
      ["cutOutAnime", plugin("AnimeSeg", true, true)],
      ["restoreFaces", plugin("GFPGAN", true, false)],
      ["restoreFacesRestoreFormer", plugin("RestoreFormer", true, false)],
      ["upscale2", plugin("RealESRGAN", true, false)],
      ["upscale4", plugin("RealESRGAN", true, false)],
    ] as const) {
      expect(isOffered(ACTIONS[id], state)).toBe(false);
      expect(isOffered(ACTIONS[id], { ...state, server })).toBe(false);
      expect(isOffered(ACTIONS[id], { ...state, server: offered })).toBe(true);
    }
  });

  it("accept keys while queued behind others", () => {
    const state = useEditor.getState();
    expect(isEnabled(ACTIONS.undo, state)).toBe(false);
    expect(acceptsKeys(ACTIONS.undo, state)).toBe(true);
    expect(acceptsKeys(ACTIONS.run, state)).toBe(false);
  });
});

describe("performed actions", () => {
  it("select tools and report them as checked", () => {
    for (const id of [
      "eraser",
      "rectangle",
      "ellipse",
      "lasso",
      "polygon",
      "line",
      "select",
      "pan",
      "brush",
    ] as const) {
      void ACTIONS[id].perform();
      expect(useEditor.getState().tool).toBe(id);
      expect(isChecked(ACTIONS[id], useEditor.getState())).toBe(true);
    }
    expect(isChecked(ACTIONS.eraser, useEditor.getState())).toBe(false);
  });

  it("resize the brush within its range", () => {
    useEditor.setState({ brush: 100 });
    void ACTIONS.largerBrush.perform();
    expect(useEditor.getState().brush).toBe(115);
    void ACTIONS.smallerBrush.perform();
    expect(useEditor.getState().brush).toBe(100);
    for (let press = 0; press < 60; press++) void ACTIONS.smallerBrush.perform();
    expect(useEditor.getState().brush).toBe(1);
    for (let press = 0; press < 60; press++) void ACTIONS.largerBrush.perform();
    expect(useEditor.getState().brush).toBe(200);
  });

  it("toggle the mode and the shape of selections", () => {
    void ACTIONS.removing.perform();
    void ACTIONS.outline.perform();
    expect(useEditor.getState()).toMatchObject({ mode: "remove", selectionShape: "lasso" });
    void ACTIONS.removing.perform();
    void ACTIONS.outline.perform();
    expect(useEditor.getState()).toMatchObject({ mode: "add", selectionShape: "box" });
  });

  it("toggle manual mode, comparison and divider", () => {
    void ACTIONS.manual.perform();
    expect(useSettings.getState().manual).toBe(false);
    expect(isChecked(ACTIONS.manual, useEditor.getState())).toBe(false);
    void ACTIONS.compare.perform();
    expect(useEditor.getState().comparing).toBe(true);
    ACTIONS.compare.release?.();
    expect(useEditor.getState().comparing).toBe(false);
    void ACTIONS.divide.perform();
    expect(useEditor.getState().divider).toBe(0.5);
    void ACTIONS.divide.perform();
    expect(useEditor.getState().divider).toBeNull();
  });

  it("grow, shrink, invert and clear the mask", async () => {
    await openImage();
    void ACTIONS.invertMask.perform();
    await settled();
    expect(useEditor.getState().hole).toEqual({ x: 0, y: 0, width: 200, height: 150 });
    void ACTIONS.clearMask.perform();
    await settled();
    expect(useEditor.getState().hole).toBeNull();
  });
});
