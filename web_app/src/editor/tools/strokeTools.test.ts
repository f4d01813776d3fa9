// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useSettings } from "../../settings/store";
import { setTool } from "../commands/options";
import { currentStage } from "../stage/stage";
import { useEditor } from "../store";
import { hole, kinds, maskAt, mouse, openOnStage, resetEditor, settled, stage } from "../testing/editor";
import { Pointer } from "../testing/input";
import { nthRequest, received } from "../testing/server";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/events", () => import("../testing/server"));
vi.mock("../../api/plugins", () => import("../testing/server"));

beforeEach(async () => {
  resetEditor();
  await openOnStage();
  useEditor.setState({ brush: 20 });
});
afterEach(resetEditor);

describe("brush", () => {
  it("masks a stroke of its diameter", async () => {
    mouse.drag([
      [50, 60],
      [100, 60],
      [150, 60],
    ]);
    expect(await hole()).toEqual({ x: 40, y: 50, width: 120, height: 20 });
    expect(kinds()).toEqual(["brush"]);
  });

  it("masks a dot by a click", async () => {
    mouse.click(50, 60);
    expect(await hole()).toEqual({ x: 40, y: 50, width: 20, height: 20 });
  });

  it("draws at the scale of the view", async () => {
    useEditor.setState({ view: { scale: 2, x: 30, y: 10 } });
    mouse.click(130, 110);
    expect(await hole()).toEqual({ x: 45, y: 45, width: 10, height: 10 });
  });

  it("keeps its size when the view zooms during a stroke", async () => {
    mouse.down(50, 60);
    currentStage()?.zoomBy(2);
    const { scale } = useEditor.getState().view;
    mouse.up();
    expect(scale).toBe(2);
    expect(await hole()).toEqual({ x: 40, y: 50, width: 20, height: 20 });
  });

  it("is soft if its hardness is low", async () => {
    useEditor.setState({ hardness: 0.2 });
    mouse.click(50, 60);
    expect(await maskAt(50, 60)).toBe(255);
    expect(await maskAt(57, 60)).toBeGreaterThan(0);
    expect(await maskAt(57, 60)).toBeLessThan(128);
  });

  it("follows the pressure of a pen", async () => {
    const pen = new Pointer(stage, "pen");
    pen.drag([[50, 60]], { pressure: 0.25 });
    expect(await hole()).toMatchObject({ width: 6, height: 6 });
  });

  it("ignores touches while a pen draws", async () => {
    const [pen, palm] = [new Pointer(stage, "pen"), new Pointer(stage, "touch")];
    pen.down(50, 60, { pressure: 1 });
    palm.down(150, 100);
    pen.up({ pressure: 1 });
    expect(await hole()).toEqual({ x: 40, y: 50, width: 20, height: 20 });
  });

  it("is dropped by a second finger, which pinches", async () => {
    const [first, second] = [new Pointer(stage, "touch"), new Pointer(stage, "touch")];
    first.down(50, 60);
    first.move(60, 60);
    expect(useEditor.getState().drawing).toBe(true);
    second.down(100, 60);
    expect(useEditor.getState().drawing).toBe(false);
    second.move(140, 60);
    second.up();
    first.up();
    expect(await hole()).toBeNull();
    expect(useEditor.getState().view.scale).toBeCloseTo(2);
  });

  it("is dropped by a pointercancel", async () => {
    mouse.down(50, 60);
    mouse.cancel();
    expect(await hole()).toBeNull();
  });

  it("doesn't draw with the right button", async () => {
    mouse.click(50, 60, { button: 2 });
    expect(await hole()).toBeNull();
  });

  it("doesn't draw during a job or a comparison", async () => {
    useEditor.setState({ comparing: true });
    mouse.click(50, 60);
    expect(await hole()).toBeNull();
  });

  it("starts a fill unless manual mode is on", async () => {
    mouse.click(50, 60);
    await settled();
    expect(useEditor.getState().job).toBeNull();
    useSettings.setState({ manual: false });
    mouse.click(90, 60);
    await nthRequest(() => received.fills);
    expect(useEditor.getState().job).not.toBeNull();
  });
});

describe("eraser", () => {
  it("removes from the mask and starts no fill", async () => {
    mouse.click(50, 60);
    useSettings.setState({ manual: false });
    setTool("eraser");
    mouse.drag([
      [50, 40],
      [50, 80],
    ]);
    expect(await hole()).toBeNull();
    expect(kinds()).toEqual(["brush", "eraser"]);
    expect(received.fills).toHaveLength(0);
  });
});

describe("line", () => {
  it("is a stroke between two points, straightened with Shift", async () => {
    setTool("line");
    mouse.drag([
      [50, 60],
      [80, 20],
      [150, 60],
    ]);
    expect(await hole()).toEqual({ x: 40, y: 50, width: 120, height: 20 });
    mouse.drag(
      [
        [50, 100],
        [150, 104],
      ],
      { shift: true },
    );
    expect(await hole()).toEqual({ x: 40, y: 50, width: 120, height: 60 });
  });
});
