// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor } from "../store";
import { documentWorker } from "../testing/client";
import { imageFile, solid } from "../testing/codec";
import {
  kinds,
  maskArea,
  maskAt,
  notices,
  openImage,
  resetEditor,
  SIZE,
  squareMask,
} from "../testing/editor";
import { nthRequest, received, sendJobEvent } from "../testing/server";
import { cancelJob } from "./job";
import { editMask } from "./mask";
import { removeBackground, restoreFaces, selectBackground, selectText, upscale } from "./plugin";
import { redo, undo } from "./undoRedo";

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
const cutOut = () => removeBackground("RemoveBG");

/** Runs a plugin that the server answers, and returns the request. */
async function answered(run: () => Promise<void>, answer: Blob) {
  const done = run();
  const { request, respond } = await nthRequest(() => received.plugins, received.plugins.length + 1);
  respond(answer);
  await done;
  return request;
}

/** Returns an RGBA value of a layer. */
async function pixelAt(layer: "image" | "original", x: number, y: number): Promise<number[]> {
  const tile = await documentWorker().tile(layer, 0, 0, 0);
  const { data, width } = (tile as unknown as { pixels: ReturnType<typeof solid> }).pixels;
  return [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 4)];
}

describe("selections of the menu", () => {
  it("add text to the mask as one step", async () => {
    await answered(selectText, squareMask(20));
    const { fields, result } = await answered(selectText, squareMask(80));
    expect({ fields, result }).toEqual({ fields: { name: "TextMask" }, result: "mask" });
    expect([await maskAt(30, 30), await maskAt(90, 90), await maskAt(60, 60)]).toEqual([255, 255, 0]);
    expect(kinds()).toEqual(["select", "select"]);
  });

  it("invert the foreground for the background", async () => {
    const { fields } = await answered(selectBackground, squareMask(20));
    expect(fields).toEqual({ name: "RemoveBG" });
    expect(await maskArea()).toBe(SIZE.width * SIZE.height - 400);
  });

  it("report that nothing was found", async () => {
    const nothing = imageFile("mask.png", solid(SIZE, [0, 0, 0, 0]));
    await answered(selectText, nothing);
    await answered(selectBackground, nothing);
    expect(notices.map(({ text }) => text)).toEqual([
      "No text found in this image.",
      "No object found in this image.",
    ]);
    expect(kinds()).toEqual([]);
  });
});

describe("jobs of plugins", () => {
  it("show the server's progress", async () => {
    const done = upscale(2);
    const { request, respond } = await nthRequest(() => received.plugins);
    expect(state().job).toMatchObject({ id: request.jobId, task: "upscale", progress: { state: "running" } });
    sendJobEvent({ id: request.jobId, state: "running", position: null, crop: 1, crops: 4, eta_ms: null });
    expect(state().job?.progress).toMatchObject({ crop: 1, crops: 4 });
    respond(imageFile("large.png", solid({ width: 400, height: 300 }, [1, 2, 3, 255])));
    await done;
    expect(state().job).toBeNull();
  });

  it("are cancelled on the server without a message", async () => {
    const done = removeBackground("RemoveBG");
    const { request } = await nthRequest(() => received.plugins);
    cancelJob();
    await done;
    expect(received.cancelled).toEqual([request.jobId]);
    expect([notices, kinds()]).toEqual([[], []]);
  });

  it("report failures and end", async () => {
    const done = selectText();
    (await nthRequest(() => received.plugins)).fail(new Error("broken"));
    await done;
    expect(notices).toEqual([{ kind: "error", text: "broken" }]);
    expect(state().job).toBeNull();
  });

  it("send the image once until it changes", async () => {
    const first = await answered(selectText, squareMask(20));
    const second = await answered(selectText, squareMask(40));
    expect(second.image).toBe(first.image);
    await answered(cutOut, imageFile("cut.png", solid(SIZE, [9, 9, 9, 128])));
    expect((await answered(selectText, squareMask(60))).image).not.toBe(first.image);
  });

  it("don't start beside another", async () => {
    const done = selectText();
    await upscale(2);
    const { respond } = await nthRequest(() => received.plugins);
    respond(squareMask(20));
    await done;
    expect(received.plugins).toHaveLength(1);
  });
});

describe("removal of the background", () => {
  it("is one step that keeps the mask", async () => {
    await answered(selectText, squareMask(20));
    const { fields, result } = await answered(cutOut, imageFile("cut.png", solid(SIZE, [9, 8, 7, 128])));
    expect({ fields, result }).toEqual({ fields: { name: "RemoveBG" }, result: "image" });
    expect(kinds()).toEqual(["select", "cutOut"]);
    expect(state().hasTransparency).toBe(true);
    expect(await pixelAt("image", 5, 5)).toEqual([9, 8, 7, 128]);
    await undo();
    expect(state().hasTransparency).toBe(false);
    expect(await pixelAt("image", 5, 5)).toEqual([100, 100, 100, 255]);
    await redo();
    expect(state().hasTransparency).toBe(true);
    expect(await maskArea()).toBe(400);
  });

  it("rejects a result of another size", async () => {
    await answered(cutOut, imageFile("cut.png", solid({ width: 2, height: 2 }, [0, 0, 0, 0])));
    expect(notices).toMatchObject([{ kind: "error" }]);
    expect(kinds()).toEqual([]);
  });
});

describe("other changes of the whole image", () => {
  it.each([
    { name: "AnimeSeg", kind: "cutOut", change: () => removeBackground("AnimeSeg") },
    { name: "GFPGAN", kind: "faces", change: () => restoreFaces("GFPGAN") },
    { name: "RestoreFormer", kind: "faces", change: () => restoreFaces("RestoreFormer") },
  ])("by $name are one step each", async ({ name, kind, change }) => {
    const { fields, result } = await answered(change, imageFile("new.png", solid(SIZE, [9, 8, 7, 255])));
    expect({ fields, result }).toEqual({ fields: { name }, result: "image" });
    expect(kinds()).toEqual([kind]);
    expect(await pixelAt("image", 5, 5)).toEqual([9, 8, 7, 255]);
    await undo();
    expect(await pixelAt("image", 5, 5)).toEqual([100, 100, 100, 255]);
  });
});

describe("upscaling", () => {
  const large = () => imageFile("large.png", solid({ width: 400, height: 300 }, [1, 2, 3, 255]));

  it("changes the size in one step", async () => {
    await answered(selectText, squareMask(20));
    useEditor.setState({ view: { scale: 3, x: -40, y: -50 }, fitted: false, hasPreviousFill: true });
    const { fields } = await answered(() => upscale(2), large());
    expect(fields).toEqual({ name: "RealESRGAN", scale: 2 });
    expect(state()).toMatchObject({
      image: { name: "photo.png", width: 400, height: 300 },
      hole: { x: 40, y: 40, width: 40, height: 40 },
      view: { scale: 1.5, x: -40, y: -50 },
      hasPreviousFill: false,
    });
    expect(kinds()).toEqual(["select", "upscale"]);
  });

  it("is undone and redone exactly", async () => {
    await answered(selectText, squareMask(20));
    await answered(() => upscale(2), large());
    await editMask({ kind: "clear" });
    await undo();
    await undo();
    expect(state()).toMatchObject({ image: SIZE, hole: { x: 20, y: 20, width: 20, height: 20 } });
    expect(await pixelAt("image", 5, 5)).toEqual([100, 100, 100, 255]);
    await redo();
    expect(state()).toMatchObject({
      image: { width: 400, height: 300 },
      hole: { x: 40, y: 40, width: 40, height: 40 },
    });
    expect(await pixelAt("image", 5, 5)).toEqual([1, 2, 3, 255]);
    await redo();
    expect(state().hole).toBeNull();
    for (let step = 0; step < 3; step++) await undo();
    expect(state()).toMatchObject({ image: SIZE, hole: null });
  });

  it("compares with the original at the new size", async () => {
    await answered(() => upscale(2), large());
    expect(await pixelAt("original", 399, 299)).toEqual([100, 100, 100, 255]);
  });
});
