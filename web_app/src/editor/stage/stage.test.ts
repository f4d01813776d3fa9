// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setTool } from "../commands/options";
import { useEditor } from "../store";
import { hole, maskPixels, mouse, openOnStage, resetEditor, SIZE, stage } from "../testing/editor";
import { keyboard, turnWheel } from "../testing/input";
import { nthRequest, received } from "../testing/server";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/events", () => import("../testing/server"));
vi.mock("../../api/http", () => import("../testing/server"));
vi.mock("../../api/plugins", () => import("../testing/server"));

beforeEach(async () => {
  resetEditor();
  await openOnStage();
  useEditor.setState({ brush: 20 });
});
afterEach(resetEditor);

describe("object selection", () => {
  it("sends foreground and background points to the plugin", async () => {
    setTool("select");
    mouse.click(50, 60);
    const { request } = await nthRequest(() => received.plugins);
    expect(request).toMatchObject({
      result: "mask",
      fields: { name: "InteractiveSeg", clicks: [[50, 60, 1]] },
    });
    mouse.click(70, 80, { button: 2 });
    const refined = await nthRequest(() => received.plugins, 2);
    expect(refined.request.fields.clicks).toEqual([
      [50, 60, 1],
      [70, 80, 0],
    ]);
  });
});

describe("hand and wheel", () => {
  it("pans with the hand, the middle button and Space", async () => {
    setTool("pan");
    mouse.drag([
      [50, 50],
      [60, 45],
    ]);
    expect(useEditor.getState().view).toEqual({ scale: 1, x: 10, y: -5 });
    setTool("brush");
    mouse.drag(
      [
        [60, 45],
        [50, 50],
      ],
      { button: 1 },
    );
    expect(useEditor.getState().view).toEqual({ scale: 1, x: 0, y: 0 });
    keyboard.down(" ");
    mouse.drag([
      [0, 0],
      [20, 0],
    ]);
    keyboard.up(" ");
    expect(useEditor.getState().view.x).toBe(20);
    expect(await hole()).toBeNull();
  });

  it("zooms about the cursor", () => {
    turnWheel(stage(), { x: 50, y: 50 }, -200);
    const { scale, x, y } = useEditor.getState().view;
    expect(scale).toBeCloseTo(Math.exp(0.3));
    expect((50 - x) / scale).toBeCloseTo(50);
    expect((50 - y) / scale).toBeCloseTo(50);
  });

  it("resizes the brush with Alt", () => {
    turnWheel(stage(), { x: 50, y: 50 }, -100, { alt: true });
    expect(useEditor.getState().brush).toBe(23);
  });
});

describe("drawing by keyboard", () => {
  it("strokes from the middle with arrows and Enter", async () => {
    stage().focus();
    keyboard.press("Enter");
    expect(await hole()).toBeNull();
    keyboard.press("Enter");
    keyboard.press("ArrowRight");
    keyboard.press("ArrowRight", { shift: true });
    keyboard.press("Enter");
    expect(await hole()).toEqual({ x: 90, y: 65, width: 76, height: 20 });
  });

  it("places the corners of a polygon", async () => {
    setTool("polygon");
    stage().focus();
    keyboard.press("Enter");
    keyboard.press("Enter");
    keyboard.press("ArrowRight", { shift: true });
    keyboard.press("Enter");
    keyboard.press("ArrowDown", { shift: true });
    keyboard.press("Enter");
    keyboard.press("Enter");
    expect(await hole()).toEqual({ x: 100, y: 75, width: 48, height: 48 });
  });

  it("releases when the mouse takes over", async () => {
    stage().focus();
    keyboard.press("ArrowLeft");
    keyboard.press("Enter");
    mouse.move(10, 10);
    expect(await hole()).toMatchObject({ width: 20, height: 20 });
  });
});

describe("mask of the stage", () => {
  it("has the image's size", async () => {
    expect((await maskPixels()).length).toBe(SIZE.width * SIZE.height);
  });
});
