// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setMode, setSelectionShape, setTool } from "../commands/options";
import { currentStage } from "../stage/stage";
import { useEditor } from "../store";
import { kinds, mouse, openOnStage, resetEditor, squareMask, stage } from "../testing/editor";
import { keyboard, Pointer } from "../testing/input";
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
  setTool("select");
});
afterEach(resetEditor);

/** Returns the fields of the only or the given request. */
async function fields(count = 1) {
  return (await nthRequest(() => received.plugins, count)).request.fields;
}

const triangle = [
  [20, 20],
  [60, 20],
  [60, 60],
] as const;

describe("object selection", () => {
  it("selects at a click, with a small movement", async () => {
    mouse.drag([
      [50, 60],
      [53, 62],
    ]);
    expect(await fields()).toEqual({ name: "InteractiveSeg", clicks: [[50, 60, 1]] });
  });

  it("draws a box by a drag in any direction", async () => {
    mouse.down(60, 70);
    mouse.move(20, 30);
    expect(useEditor.getState().drawing).toBe(true);
    mouse.up();
    expect(useEditor.getState().drawing).toBe(false);
    expect(await fields()).toEqual({ name: "InteractiveSeg", box: [20, 30, 60, 70] });
  });

  it("draws an outline with Shift, or as its shape", async () => {
    mouse.drag(triangle, { shift: true });
    expect(await fields()).toMatchObject({ lasso: triangle });
    setSelectionShape("lasso");
    mouse.drag(triangle);
    expect(await fields(2)).toMatchObject({ lasso: triangle });
  });

  it("removes with Alt, the right button, and in remove mode", async () => {
    mouse.click(50, 60);
    const { respond } = await nthRequest(() => received.plugins);
    respond(squareMask(40));
    await vi.waitFor(() => {
      expect(kinds()).toEqual(["select"]);
    });
    mouse.click(45, 45, { alt: true });
    mouse.click(46, 46, { button: 2 });
    setMode("remove");
    mouse.click(47, 47);
    expect(
      await nthRequest(() => received.plugins.filter(({ request }) => request.fields.clicks?.length === 4)),
    ).toMatchObject({
      request: {
        fields: {
          clicks: [
            [50, 60, 1],
            [45, 45, 0],
            [46, 46, 0],
            [47, 47, 0],
          ],
        },
      },
    });
  });

  it("discards a drag on Escape and on a second finger", () => {
    mouse.down(20, 20);
    mouse.move(60, 60);
    useEditor.setState({ drawing: false });
    mouse.up();
    const [first, second] = [new Pointer(stage, "touch"), new Pointer(stage, "touch")];
    first.down(20, 20);
    first.move(50, 50);
    second.down(100, 100);
    first.up();
    second.up();
    expect(received.plugins).toEqual([]);
  });

  it("selects by touch", async () => {
    new Pointer(stage, "touch").click(30, 40);
    expect(await fields()).toMatchObject({ clicks: [[30, 40, 1]] });
  });

  it("clicks at the keyboard's cursor", async () => {
    stage().focus();
    expect(keyboard.press("Enter")).toBe(false);
    keyboard.press("ArrowRight");
    keyboard.press("Enter");
    expect(await fields()).toMatchObject({ clicks: [[108, 75, 1]] });
  });

  it("accepts clicks during a selection only", async () => {
    mouse.click(50, 60);
    await fields();
    expect(currentStage()?.canDraw()).toBe(true);
    const { job } = useEditor.getState();
    useEditor.setState({ job: job && { ...job, task: "fill" } });
    expect(currentStage()?.canDraw()).toBe(false);
  });
});
