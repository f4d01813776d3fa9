// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emptyMask } from "../../core/mask";
import { drawPolygon, rectangleCorners } from "../../core/shapes";
import { useEditor } from "../store";
import { imageFile, solid } from "../testing/codec";
import { maskAt, notices, openImage, resetEditor, SIZE } from "../testing/editor";
import { nthRequest, received } from "../testing/server";
import { editMask } from "./mask";
import { applyPlugin, maskByPlugin, selectAt } from "./plugin";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/plugins", () => import("../testing/server"));

beforeEach(async () => {
  resetEditor();
  await openImage();
});
afterEach(resetEditor);

/** Returns a mask file with a white square. */
function maskOf(corner: number): File {
  const mask = emptyMask(SIZE);
  drawPolygon(mask, rectangleCorners({ x: corner, y: corner }, { x: corner + 20, y: corner + 20 }), "add");
  const pixels = solid(SIZE, [0, 0, 0, 255]);
  mask.data.forEach((value, at) => {
    pixels.data.set([value, value, value], at * 4);
  });
  return imageFile("mask.png", pixels);
}

/** Sends a click and answers it with a mask. */
async function click(
  x: number,
  y: number,
  answer: File,
  options: { foreground?: boolean; newObject?: boolean } = {},
) {
  const { foreground = true, newObject = false } = options;
  const done = selectAt({ kind: "click", at: { x, y }, foreground, newObject });
  const { request, respond } = await nthRequest(() => received.plugins, received.plugins.length + 1);
  respond(answer);
  await done;
  return request.clicks;
}

describe("object selection", () => {
  it("adds points to the same object and replaces its mask", async () => {
    expect(await click(20.4, 30.6, maskOf(20))).toEqual([[20, 31, 1]]);
    expect(await maskAt(30, 30)).toBe(255);
    expect(await click(90, 90, maskOf(80), { foreground: false })).toEqual([
      [20, 31, 1],
      [90, 90, 0],
    ]);
    expect([await maskAt(30, 30), await maskAt(90, 90)]).toEqual([0, 255]);
    expect(useEditor.getState().history.past).toHaveLength(1);
  });

  it("keeps the mask for a new object", async () => {
    await click(20, 30, maskOf(20));
    expect(await click(90, 90, maskOf(80), { newObject: true })).toEqual([[90, 90, 1]]);
    expect([await maskAt(30, 30), await maskAt(90, 90)]).toEqual([255, 255]);
  });

  it("starts a new object after another step", async () => {
    await click(20, 30, maskOf(20));
    await editMask({ kind: "grow", by: 2 });
    expect(await click(90, 90, maskOf(80))).toEqual([[90, 90, 1]]);
  });
});

describe("plugins", () => {
  it("replace the mask", async () => {
    const done = maskByPlugin("RemoveBG");
    const { request, respond } = await nthRequest(() => received.plugins);
    expect(request).toMatchObject({ name: "RemoveBG", result: "mask" });
    expect(useEditor.getState().job).toMatchObject({ plugin: "RemoveBG" });
    respond(maskOf(40));
    await done;
    expect(useEditor.getState()).toMatchObject({ job: null, hole: { x: 40, y: 40, width: 20, height: 20 } });
  });

  it("replace an image of the same size as a step", async () => {
    const done = applyPlugin("GFPGAN");
    (await nthRequest(() => received.plugins)).respond(imageFile("new.png", solid(SIZE, [1, 2, 3, 255])));
    await done;
    expect(useEditor.getState().history.past).toMatchObject([{ kind: "plugin" }]);
  });

  it("open an image of another size", async () => {
    await editMask({ kind: "invert" });
    const done = applyPlugin("RealESRGAN", 2);
    const { request, respond } = await nthRequest(() => received.plugins);
    expect(request.scale).toBe(2);
    const size = { width: 400, height: 300 };
    respond(imageFile("large.png", solid(size, [1, 2, 3, 255])));
    await expect(done).resolves.toBeUndefined();
    expect(useEditor.getState()).toMatchObject({ image: { name: "photo.png", ...size }, hole: null });
    expect(useEditor.getState().history.past).toEqual([]);
  });

  it("report failures and end the job", async () => {
    const done = maskByPlugin("RemoveBG");
    (await nthRequest(() => received.plugins)).fail(new Error("broken"));
    await done;
    expect(notices).toEqual([{ kind: "error", text: "broken" }]);
    expect(useEditor.getState().job).toBeNull();
  });
});
