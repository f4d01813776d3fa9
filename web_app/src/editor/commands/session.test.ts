// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useEditor } from "../store";
import { imageFile, solid } from "../testing/codec";
import { notices, openImage, resetEditor, SIZE } from "../testing/editor";
import { nthRequest, received } from "../testing/server";
import { runFill } from "./fill";
import { editMask } from "./mask";
import { encode, open } from "./session";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));
vi.mock("../../api/inpaint", () => import("../testing/server"));
vi.mock("../../api/events", () => import("../testing/server"));
vi.mock("../../api/http", () => import("../testing/server"));

beforeEach(resetEditor);
afterEach(resetEditor);

const state = () => useEditor.getState();

describe("open", () => {
  it("shows the image with a new history", async () => {
    await openImage();
    await editMask({ kind: "invert" });
    useEditor.setState({ divider: 0.5, hasPreviousFill: true });
    const size = { width: 30, height: 20 };
    await open(imageFile("other.png", solid(size, [1, 2, 3, 200])));
    expect(state()).toMatchObject({
      image: { name: "other.png", ...size, space: "srgb" },
      hasTransparency: true,
      history: { past: [], future: [] },
      hole: null,
      hasPreviousFill: false,
      divider: null,
      opening: false,
    });
  });

  it("keeps the image if a file is unreadable", async () => {
    await openImage();
    await editMask({ kind: "invert" });
    await open(new File(["?"], "notes.txt"));
    expect(notices).toMatchObject([{ kind: "error" }]);
    expect(notices[0]?.text).toContain("notes.txt");
    expect(state()).toMatchObject({ image: { name: "photo.png" }, opening: false });
    expect(state().history.past).toHaveLength(1);
  });

  it("cancels a running fill", async () => {
    await openImage();
    await editMask({ kind: "invert" });
    void runFill();
    const { signal } = await nthRequest(() => received.fills);
    await openImage();
    expect(signal.aborted).toBe(true);
    expect(state().job).toBeNull();
  });
});

describe("encode", () => {
  it("returns the requested type", async () => {
    await openImage(solid(SIZE, [1, 2, 3, 255]));
    expect((await encode("image/png", 1)).type).toBe("image/png");
    expect((await encode("image/webp", 0.5)).type).toBe("image/webp");
  });
});
