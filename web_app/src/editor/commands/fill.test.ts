// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../api/errors";
import type { FilledPatch } from "../../api/inpaint";
import type { Box } from "../../core/geometry";
import { rectangleCorners } from "../../core/shapes";
import { useSettings } from "../../settings/store";
import { documentWorker } from "../testing/client";
import { imageFile, solid } from "../testing/codec";
import { grayPixels, kinds, notices, openImage, resetEditor, settled, SIZE } from "../testing/editor";
import { nthRequest, received, sendJobEvent } from "../testing/server";
import { useEditor } from "../store";
import { runFill } from "./fill";
import { cancelJob } from "./job";
import { editMask, repeatFill } from "./mask";
import { redo, undo } from "./undoRedo";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/events", () => import("../testing/server"));
vi.mock("../../api/http", () => import("../testing/server"));

beforeEach(async () => {
  resetEditor();
  await openImage();
});
afterEach(resetEditor);

const state = () => useEditor.getState();

function mask(corner: number) {
  return editMask(
    {
      kind: "polygon",
      mode: "add",
      points: rectangleCorners({ x: corner, y: corner }, { x: corner + 20, y: corner + 20 }),
    },
    "brush",
  );
}

/** Returns a response of one colour; `box` is relative to the upload. */
function patch(box: Box, value = 200): FilledPatch {
  return { box, png: imageFile("patch.png", solid(box, [value, value, value, 255])) };
}

/** Returns the red value of the image at a position. */
async function pixelAt(x: number, y: number): Promise<number | undefined> {
  const tile = await documentWorker().tile("image", 0, 0, 0);
  const { data } = (tile as unknown as { pixels: ReturnType<typeof solid> }).pixels;
  return data[(y * SIZE.width + x) * 4];
}

/** Runs a fill that the server answers. */
async function fillOnce(response = patch({ x: 50, y: 50, width: 20, height: 20 })): Promise<void> {
  const filled = runFill();
  const { respond } = await nthRequest(() => received.fills, received.fills.length + 1);
  respond(response);
  await filled;
}

describe("runFill", () => {
  it("sends image, binary mask and settings", async () => {
    await mask(50);
    const filled = runFill();
    const { request, respond } = await nthRequest(() => received.fills);
    expect(request.box).toEqual({ x: 0, y: 0, ...SIZE });
    expect(request.options).toMatchObject({ hd_strategy: "Auto", cv2_radius: 4 });
    expect(request.options).toMatchObject({ dilate: 4, feather: 0, cover_strokes: false });
    expect(request.jobId).toBe(state().job?.id);
    const sent = await grayPixels(request.mask);
    expect(sent.filter((value) => value === 255)).toHaveLength(400);
    expect(sent[60 * SIZE.width + 60]).toBe(255);
    respond(patch(request.box));
    await filled;
  });

  it("uploads a crop of a large image under Crop", async () => {
    useSettings.setState({ strategy: "Crop", cropTrigger: 100, cropMargin: 8, maskGrowth: 0 });
    await mask(100);
    const filled = runFill();
    const { request, respond } = await nthRequest(() => received.fills);
    expect(request.box).toEqual({ x: 68, y: 68, width: 84, height: 82 });
    expect(request.options).toMatchObject({ hd_strategy: "Crop", hd_strategy_crop_trigger_size: 0 });
    respond(patch({ x: 32, y: 32, width: 20, height: 20 }));
    await filled;
    expect([await pixelAt(100, 100), await pixelAt(99, 100)]).toEqual([200, 100]);
  });

  it("uploads a crop under Auto by the server's parameters", async () => {
    const autoStrategy = { max_whole_side_px: 100, context_px: 4, max_hole_depth_px: 8 };
    const server = { enableFileManager: false, enableAutoSaving: false, plugins: [] };
    useSettings.setState({ maskGrowth: 0 });
    await mask(100);
    for (const [config, box] of [
      [server, { x: 0, y: 0, ...SIZE }],
      [
        { ...server, autoStrategy: { ...autoStrategy, max_hole_depth_px: null } },
        { x: 0, y: 0, ...SIZE },
      ],
      [
        { ...server, autoStrategy },
        { x: 68, y: 68, width: 84, height: 82 },
      ],
    ] as const) {
      useEditor.setState({ server: config });
      const filled = runFill();
      const { request, fail } = await nthRequest(() => received.fills, received.fills.length + 1);
      expect(request.box).toEqual(box);
      fail(new UserError("stopped"));
      await filled;
    }
  });

  it("blends the result into the hole and clears the mask", async () => {
    await mask(50);
    await fillOnce();
    expect(await pixelAt(60, 60)).toBe(200);
    expect(await pixelAt(49, 60)).toBe(100);
    expect(state()).toMatchObject({ hole: null, job: null, hasPreviousFill: true });
    expect(state().lastFillMs).toBeGreaterThanOrEqual(0);
    expect(kinds()).toEqual(["brush", "fill"]);
  });

  it("fills the pixels by which the server grew the mask", async () => {
    await mask(50);
    await fillOnce(patch({ x: 46, y: 46, width: 28, height: 28 }));
    expect([await pixelAt(47, 47), await pixelAt(45, 47)]).toEqual([200, 100]);
    await undo();
    expect(await pixelAt(47, 47)).toBe(100);
  });

  it("is undone and redone", async () => {
    await mask(50);
    await fillOnce();
    await undo();
    expect([await pixelAt(60, 60), state().hole]).toEqual([100, { x: 50, y: 50, width: 20, height: 20 }]);
    await redo();
    expect([await pixelAt(60, 60), state().hole]).toEqual([200, null]);
  });

  it("is one step with its strokes in automatic mode", async () => {
    await mask(50);
    await mask(90);
    useSettings.setState({ manual: false });
    await fillOnce();
    expect(kinds()).toEqual(["fill"]);
    await undo();
    expect([await pixelAt(60, 60), state().hole]).toEqual([100, null]);
  });

  it("requires a hole and no other job", async () => {
    await runFill();
    expect(received.fills).toHaveLength(0);
    await mask(50);
    void runFill();
    void runFill();
    await nthRequest(() => received.fills);
    await settled();
    expect(received.fills).toHaveLength(1);
  });

  it("shows the server's error and keeps the mask", async () => {
    await mask(50);
    const filled = runFill();
    (await nthRequest(() => received.fills)).fail(new UserError("The queue is full."));
    await filled;
    expect(notices).toEqual([{ kind: "error", text: "The queue is full." }]);
    expect(state()).toMatchObject({ job: null, hasPreviousFill: false });
    expect(state().hole).not.toBeNull();
  });

  it("rejects a patch of the wrong size", async () => {
    await mask(50);
    await fillOnce({ ...patch({ x: 0, y: 0, width: 10, height: 10 }), box: { x: 0, y: 0, ...SIZE } });
    expect(notices).toMatchObject([{ kind: "error" }]);
    expect(await pixelAt(60, 60)).toBe(100);
  });

  it("shows the server's progress", async () => {
    await mask(50);
    const filled = runFill();
    const { request, respond } = await nthRequest(() => received.fills);
    const event = {
      id: request.jobId,
      state: "queued",
      position: 2,
      crop: null,
      crops: null,
      eta_ms: null,
    } as const;
    sendJobEvent(event);
    expect(state().job?.progress).toMatchObject({ state: "queued", position: 2 });
    sendJobEvent({ ...event, state: "running", position: null, crop: 1, crops: 3 });
    expect(state().job?.progress).toMatchObject({ state: "running", crop: 1, crops: 3 });
    respond(patch(request.box));
    await filled;
  });
});

describe("cancelJob", () => {
  it("aborts the request and keeps the mask", async () => {
    await mask(50);
    const filled = runFill();
    const { request, signal } = await nthRequest(() => received.fills);
    cancelJob();
    await filled;
    expect(signal.aborted).toBe(true);
    expect(received.cancelled).toEqual([request.jobId]);
    expect(state()).toMatchObject({ job: null, hasPreviousFill: false });
    expect(state().hole).not.toBeNull();
    expect(notices).toEqual([]);
  });

  it("drops a result that arrives afterwards", async () => {
    await mask(50);
    const filled = runFill();
    const { respond } = await nthRequest(() => received.fills);
    respond(patch({ x: 0, y: 0, ...SIZE }));
    cancelJob();
    await filled;
    expect(await pixelAt(60, 60)).toBe(100);
  });
});

describe("repeatFill", () => {
  it("restores the last mask and fills again", async () => {
    await repeatFill();
    expect(received.fills).toHaveLength(0);
    await mask(50);
    await fillOnce();
    const filled = repeatFill();
    const { request, respond } = await nthRequest(() => received.fills, 2);
    expect((await grayPixels(request.mask)).filter((value) => value === 255)).toHaveLength(400);
    respond(patch(request.box, 50));
    await filled;
    expect(await pixelAt(60, 60)).toBe(50);
  });
});
