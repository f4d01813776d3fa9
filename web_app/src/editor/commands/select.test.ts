// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PromptInput } from "../../core/prompt";
import { useEditor } from "../store";
import { imageFile, solid } from "../testing/codec";
import { kinds, maskAt, notices, openImage, resetEditor, SIZE, squareMask } from "../testing/editor";
import { nthRequest, received } from "../testing/server";
import { cancelJob } from "./job";
import { editMask } from "./mask";
import { setTool } from "./options";
import { endPrompt, select, selectMainObject } from "./select";
import { undo } from "./undoRedo";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/events", () => import("../testing/server"));
vi.mock("../../api/http", () => import("../testing/server"));
vi.mock("../../api/plugins", () => import("../testing/server"));

beforeEach(async () => {
  resetEditor();
  await openImage();
});
afterEach(resetEditor);

const state = () => useEditor.getState();

const click = (x: number, y: number, mode: "add" | "remove" = "add", starts = false): PromptInput => ({
  kind: "click",
  at: { x, y },
  mode,
  starts,
});

/** Selects with an input that the server answers, and returns the fields of the request. */
async function answered(input: PromptInput, answer: Blob) {
  const done = select(input);
  const { request, respond } = await nthRequest(() => received.plugins, received.plugins.length + 1);
  respond(answer);
  await done;
  return request.fields;
}

/** Returns the mask values inside of the squares at three corners. */
async function masked(): Promise<number[]> {
  return [await maskAt(30, 30), await maskAt(60, 60), await maskAt(90, 90)];
}

const nothing = () => imageFile("nothing.png", solid(SIZE, [0, 0, 0, 0]));

describe("clicks", () => {
  it("select an object as one step", async () => {
    expect(await answered(click(20.4, 30.6), squareMask(20))).toEqual({
      name: "InteractiveSeg",
      clicks: [[20, 30, 1]],
    });
    expect(await masked()).toEqual([255, 0, 0]);
    expect(kinds()).toEqual(["select"]);
  });

  it("replace the earlier result of the prompt as one step", async () => {
    await editMask({ kind: "polygon", mode: "add", points: [at(80), at(100, 80), at(100), at(80, 100)] });
    await answered(click(20, 30), squareMask(20));
    expect(await answered(click(60, 60, "remove"), squareMask(50))).toMatchObject({
      clicks: [
        [20, 30, 1],
        [60, 60, 0],
      ],
    });
    expect(await masked()).toEqual([0, 255, 255]);
    expect(kinds()).toEqual(["mask", "select", "select"]);
    await undo();
    expect(await masked()).toEqual([255, 0, 255]);
  });

  it("start another object with Shift", async () => {
    await answered(click(20, 30), squareMask(20));
    expect(await answered(click(90, 90, "add", true), squareMask(80))).toMatchObject({
      clicks: [[90, 90, 1]],
    });
    expect(await masked()).toEqual([255, 0, 255]);
  });

  it("start another object after any other step or an undo", async () => {
    await answered(click(20, 30), squareMask(20));
    await editMask({ kind: "grow", by: 2 });
    expect(await answered(click(60, 60), squareMask(50))).toMatchObject({ clicks: [[60, 60, 1]] });
    await undo();
    expect(await answered(click(90, 90), squareMask(80))).toMatchObject({ clicks: [[90, 90, 1]] });
    expect(await masked()).toEqual([255, 0, 255]);
  });

  it("remove an object from the mask", async () => {
    await editMask({ kind: "invert" });
    expect(await answered(click(30, 30, "remove"), squareMask(20))).toMatchObject({ clicks: [[30, 30, 1]] });
    expect(await masked()).toEqual([0, 255, 255]);
  });

  it("send nothing if they remove from an empty mask, or miss the image", async () => {
    await select(click(30, 30, "remove"));
    await select(click(-4, 30));
    expect(received.plugins).toEqual([]);
  });
});

describe("areas", () => {
  it("are refined by clicks", async () => {
    const box: PromptInput = { kind: "box", from: at(10), to: at(50), mode: "add" };
    expect(await answered(box, squareMask(20))).toEqual({ name: "InteractiveSeg", box: [10, 10, 50, 50] });
    expect(await answered(click(60, 60), squareMask(50))).toMatchObject({
      box: [10, 10, 50, 50],
      clicks: [[60, 60, 1]],
    });
    expect(await masked()).toEqual([0, 255, 0]);
  });

  it("add to earlier ones", async () => {
    await answered({ kind: "box", from: at(10), to: at(50), mode: "add" }, squareMask(20));
    await answered({ kind: "lasso", points: [at(80), at(99, 80), at(99)], mode: "add" }, squareMask(80));
    expect(await masked()).toEqual([255, 0, 255]);
  });

  it("cover the image for the main object", async () => {
    const done = selectMainObject();
    const { request, respond } = await nthRequest(() => received.plugins);
    expect(request.fields).toEqual({ name: "InteractiveSeg", box: [0, 0, 200, 150] });
    respond(squareMask(50));
    await done;
    expect(await masked()).toEqual([0, 255, 0]);
  });
});

describe("running selections", () => {
  it("are cancelled by a newer click, which includes them", async () => {
    const first = select(click(20, 30));
    const running = await nthRequest(() => received.plugins);
    expect(await answered(click(60, 60), squareMask(50))).toMatchObject({
      clicks: [
        [20, 30, 1],
        [60, 60, 1],
      ],
    });
    await first;
    expect(running.signal.aborted).toBe(true);
    expect(received.cancelled).toEqual([running.request.jobId]);
    expect([notices, kinds()]).toEqual([[], ["select"]]);
  });

  it("are cancelled by another tool", async () => {
    setTool("select");
    const done = select(click(20, 30));
    const { signal } = await nthRequest(() => received.plugins);
    setTool("brush");
    await done;
    expect(signal.aborted).toBe(true);
    expect(state()).toMatchObject({ prompt: null, job: null });
  });

  it("are dropped from the prompt when cancelled", async () => {
    await answered(click(20, 30), squareMask(20));
    const done = select(click(60, 60));
    await nthRequest(() => received.plugins, 2);
    cancelJob();
    await done;
    expect(state().prompt?.clicks).toHaveLength(1);
    expect(await answered(click(90, 90), squareMask(80))).toMatchObject({
      clicks: [
        [20, 30, 1],
        [90, 90, 1],
      ],
    });
  });

  it("are dropped from the prompt when they fail", async () => {
    const done = select(click(20, 30));
    (await nthRequest(() => received.plugins)).fail(new Error("broken"));
    await done;
    expect(state().prompt).toBeNull();
    expect(notices).toMatchObject([{ kind: "error", text: "broken" }]);
  });
});

describe("prompts", () => {
  it("end without a result", async () => {
    await answered(click(20, 30), nothing());
    expect(state().prompt).toBeNull();
    expect(notices).toMatchObject([{ kind: "info" }]);
    expect(kinds()).toEqual([]);
  });

  it("end on request and with another image", async () => {
    await answered(click(20, 30), squareMask(20));
    endPrompt();
    expect(await answered(click(60, 60), squareMask(50))).toMatchObject({ clicks: [[60, 60, 1]] });
    await openImage();
    expect(state().prompt).toBeNull();
  });
});

function at(x: number, y = x) {
  return { x, y };
}
