// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rectangleCorners } from "../../core/shapes";
import { useEditor } from "../store";
import { imageFile, solid } from "../testing/codec";
import { hole, maskArea, maskAt, notices, openImage, resetEditor, SIZE } from "../testing/editor";
import { editMask, importMask, maskFromOpacity } from "./mask";
import { maskFile } from "./session";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));

beforeEach(resetEditor);
afterEach(resetEditor);

const square = {
  kind: "polygon",
  mode: "add",
  points: rectangleCorners({ x: 50, y: 50 }, { x: 70, y: 70 }),
} as const;

describe("editMask", () => {
  it("requires an image", async () => {
    expect(await editMask({ kind: "invert" })).toBe(false);
    expect(useEditor.getState().history.past).toEqual([]);
  });

  it("records a step with its size and preview", async () => {
    await openImage();
    expect(await editMask(square, "shape")).toBe(true);
    const [step] = useEditor.getState().history.past;
    expect(step).toMatchObject({ id: 1, kind: "shape" });
    expect(step?.bytes).toBeGreaterThan(0);
    expect(step?.thumbnail).toMatch(/^blob:/);
    expect(await hole()).toEqual({ x: 50, y: 50, width: 20, height: 20 });
  });

  it("records nothing without a change", async () => {
    await openImage();
    await editMask(square);
    expect(await editMask(square)).toBe(false);
    expect(useEditor.getState().history.past).toHaveLength(1);
  });

  it("is rejected while a job runs", async () => {
    await openImage();
    useEditor.setState({
      job: {
        id: "1",
        task: "fill",
        startedAt: 0,
        abort: new AbortController(),
        progress: { state: "running", position: null, crop: null, crops: null },
      },
    });
    expect(await editMask(square)).toBe(false);
    expect(await hole()).toBeNull();
  });

  it.each([
    ["grow", { kind: "grow", by: 5 }, { x: 45, y: 45, width: 30, height: 30 }],
    ["shrink", { kind: "grow", by: -5 }, { x: 55, y: 55, width: 10, height: 10 }],
    ["invert", { kind: "invert" }, { x: 0, y: 0, ...SIZE }],
    ["clear", { kind: "clear" }, null],
  ] as const)("can %s the mask", async (_, edit, expected) => {
    await openImage();
    await editMask(square);
    expect(await editMask(edit)).toBe(true);
    expect(await hole()).toEqual(expected);
  });

  it("can feather the mask", async () => {
    await openImage();
    await editMask(square);
    await editMask({ kind: "feather", by: 6 });
    expect(await maskAt(60, 60)).toBe(255);
    expect(await maskAt(49, 60)).toBeGreaterThan(0);
    expect(await maskAt(51, 60)).toBeLessThan(255);
  });
});

describe("imported masks", () => {
  it("replace the mask by a file's luma", async () => {
    await openImage();
    await editMask(square);
    await importMask(imageFile("mask.png", solid(SIZE, [255, 255, 255, 255])));
    expect(await maskArea()).toBe(SIZE.width * SIZE.height);
  });

  it("use alpha if the file is transparent", async () => {
    await openImage();
    await importMask(imageFile("mask.png", solid(SIZE, [255, 255, 255, 100])));
    expect(await maskAt(3, 3)).toBe(100);
  });

  it("are reported if unreadable", async () => {
    await openImage();
    await importMask(new File(["?"], "mask.txt"));
    expect(notices).toMatchObject([{ kind: "error" }]);
    expect(await hole()).toBeNull();
  });

  it("can be the image's transparency", async () => {
    const pixels = solid(SIZE, [9, 9, 9, 255]);
    pixels.data[(20 * SIZE.width + 30) * 4 + 3] = 0;
    await openImage(pixels);
    await maskFromOpacity();
    expect(await hole()).toEqual({ x: 30, y: 20, width: 1, height: 1 });
  });
});

describe("maskFile", () => {
  it("is named after the image", async () => {
    expect(await maskFile()).toBeNull();
    await openImage();
    expect(await maskFile()).toMatchObject({ name: "photo_mask.png", type: "image/png" });
  });
});
