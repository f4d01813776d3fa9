// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as media from "../api/media";
import { editMask } from "../editor/commands/mask";
import { openDialog, useDialog } from "../editor/dialogs";
import { useEditor } from "../editor/store";
import { openOnStage, resetEditor, settled } from "../editor/testing/editor";
import { keyboard } from "../editor/testing/input";
import { useFiles } from "../files/store";
import { listenToKeys } from "./keys";

vi.mock("../editor/document/client", () => import("../editor/testing/client"));
vi.mock("../editor/document/codec", () => import("../editor/testing/codec"));
vi.mock("../api/events", () => import("../editor/testing/server"));
vi.mock("../api/plugins", () => import("../editor/testing/server"));

vi.mock("../api/media", async (original) => ({
  ...(await original<typeof media>()),
  listMedia: () => Promise.resolve([]),
}));

let abort = new AbortController();

beforeEach(() => {
  resetEditor();
  abort = new AbortController();
  listenToKeys(abort.signal);
});

afterEach(() => {
  abort.abort();
  resetEditor();
  document.body.replaceChildren();
});

const tool = () => useEditor.getState().tool;

/** Adds an element to the page and focuses it. */
function focus(html: string): HTMLElement {
  document.body.insertAdjacentHTML("beforeend", html);
  const element = document.body.lastElementChild as HTMLElement;
  element.focus();
  return element;
}

describe("shortcuts", () => {
  it("select tools once an image is open", async () => {
    expect(keyboard.press("e")).toBe(false);
    expect(tool()).toBe("brush");
    await openOnStage();
    expect(keyboard.press("e")).toBe(true);
    expect(tool()).toBe("eraser");
    expect(keyboard.press("p")).toBe(true);
    expect(tool()).toBe("polygon");
  });

  it("require their modifiers", async () => {
    await openOnStage();
    keyboard.press("e", { alt: true });
    keyboard.press("e", { ctrl: true });
    expect(tool()).toBe("brush");
  });

  it("undo and redo", async () => {
    await openOnStage();
    await editMask({ kind: "invert" });
    keyboard.press("z", { ctrl: true });
    await settled();
    expect(useEditor.getState().hole).toBeNull();
    keyboard.press("z", { ctrl: true, shift: true });
    await settled();
    expect(useEditor.getState().hole).not.toBeNull();
    keyboard.press("z", { ctrl: true });
    keyboard.press("y", { ctrl: true });
    await settled();
    expect(useEditor.getState().hole).not.toBeNull();
  });

  it("select the main object with Enter, except on a focused button", async () => {
    await openOnStage();
    const plugins = [{ name: "InteractiveSeg", support_gen_image: false, support_gen_mask: true }];
    const server = { enableFileManager: false, enableAutoSaving: false, plugins };
    useEditor.setState({ server, tool: "select" });
    const button = focus("<button>Undo</button>");
    expect(keyboard.press("Enter")).toBe(false);
    button.remove();
    expect(keyboard.press("Enter")).toBe(true);
    expect(useEditor.getState().job).toMatchObject({ task: "select" });
  });

  it("are queued behind running commands", async () => {
    await openOnStage();
    void editMask({ kind: "invert" });
    expect(keyboard.press("z", { ctrl: true })).toBe(true);
    await settled();
    expect(useEditor.getState().history).toMatchObject({ past: [], future: [{ kind: "mask" }] });
  });

  it("repeat only for actions that repeat", async () => {
    await openOnStage();
    const { brush } = useEditor.getState();
    keyboard.down("]");
    keyboard.down("]", { repeat: true });
    expect(useEditor.getState().brush).toBeGreaterThan(Math.round(brush * 1.15));
    keyboard.down("d");
    keyboard.down("d", { repeat: true });
    expect(useEditor.getState().divider).toBe(0.5);
  });

  it("do nothing while text is edited", async () => {
    await openOnStage();
    for (const html of ["<input>", "<textarea></textarea>", "<select></select>"]) {
      const field = focus(html);
      expect(keyboard.press("e")).toBe(false);
      field.remove();
    }
    expect(tool()).toBe("brush");
    focus('<input type="checkbox">');
    keyboard.press("e");
    expect(tool()).toBe("eraser");
  });

  it("do nothing while a dialog is open, except a toast", async () => {
    await openOnStage();
    document.body.insertAdjacentHTML("beforeend", '<div role="dialog"></div>');
    keyboard.press("e");
    expect(tool()).toBe("brush");
    document.querySelector("[role=dialog]")?.classList.add("kit-toast");
    keyboard.press("e");
    expect(tool()).toBe("eraser");
  });

  it("leave arrow keys to sliders", async () => {
    await openOnStage();
    useFiles.setState({ opened: { tab: "input", name: "a.png" } });
    expect(keyboard.press("ArrowLeft")).toBe(true);
    focus('<div role="slider" tabindex="0"></div>');
    expect(keyboard.press("ArrowLeft")).toBe(false);
  });

  it("open dialogs", () => {
    keyboard.press("s");
    expect(useDialog.getState().open).toBe("settings");
    openDialog("models");
    keyboard.press("?", { shift: true });
    expect(useDialog.getState().open).toBe("shortcuts");
  });

  it("cancel the shape before they fit the view", async () => {
    await openOnStage();
    const view = { scale: 2, x: -20, y: -30 };
    useEditor.setState({ drawing: true, view });
    keyboard.press("Escape");
    expect(useEditor.getState()).toMatchObject({ drawing: false, view });
    keyboard.press("Escape");
    expect(useEditor.getState().view).toEqual({ scale: 1, x: 0, y: 0 });
  });
});

describe("Tab", () => {
  it("compares while held on the stage", async () => {
    const stage = await openOnStage();
    stage.focus();
    expect(keyboard.down("Tab")).toBe(true);
    expect(useEditor.getState().comparing).toBe(true);
    keyboard.up("Tab");
    expect(useEditor.getState().comparing).toBe(false);
  });

  it("ends the comparison when the window loses focus", async () => {
    await openOnStage();
    keyboard.down("Tab");
    window.dispatchEvent(new FocusEvent("blur"));
    expect(useEditor.getState().comparing).toBe(false);
  });

  it("moves the focus when tapped", async () => {
    const stage = await openOnStage();
    document.body.insertAdjacentHTML("beforeend", "<button>Next</button>");
    stage.focus();
    keyboard.press("Tab");
    expect(document.activeElement?.textContent).toBe("Next");
  });

  it("keeps its default on other controls", async () => {
    await openOnStage();
    focus("<button>Run</button>");
    expect(keyboard.press("Tab")).toBe(false);
  });
});
