// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setMode, setTool } from "../commands/options";
import { currentStage } from "../stage/stage";
import { useEditor } from "../store";
import { hole, kinds, maskArea, maskAt, mouse, openOnStage, resetEditor, settled } from "../testing/editor";

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

describe("rectangle", () => {
  beforeEach(() => {
    setTool("rectangle");
  });

  it("masks the rectangle between two corners", async () => {
    mouse.drag([
      [80, 90],
      [60, 50],
      [30, 40],
    ]);
    expect(await hole()).toEqual({ x: 30, y: 40, width: 50, height: 50 });
    expect(await maskArea()).toBe(2500);
    expect(kinds()).toEqual(["shape"]);
  });

  it("is a square with Shift", async () => {
    mouse.drag(
      [
        [30, 40],
        [80, 60],
      ],
      { shift: true },
    );
    expect(await hole()).toEqual({ x: 30, y: 40, width: 50, height: 50 });
  });

  it("removes with Alt and in remove mode", async () => {
    mouse.drag([
      [30, 40],
      [80, 90],
    ]);
    mouse.drag(
      [
        [20, 30],
        [90, 65],
      ],
      { alt: true },
    );
    expect(await hole()).toEqual({ x: 30, y: 65, width: 50, height: 25 });
    setMode("remove");
    mouse.drag([
      [20, 30],
      [90, 100],
    ]);
    expect(await hole()).toBeNull();
  });

  it("ignores a click with a small movement", async () => {
    mouse.drag([
      [30, 40],
      [34, 44],
    ]);
    expect(await hole()).toBeNull();
  });

  it("is clipped at the image's edge", async () => {
    mouse.drag([
      [150, 100],
      [400, 400],
    ]);
    expect(await hole()).toEqual({ x: 150, y: 100, width: 50, height: 50 });
  });

  it("is discarded by Escape's action", async () => {
    mouse.down(30, 40);
    mouse.move(80, 90);
    expect(useEditor.getState().drawing).toBe(true);
    useEditor.setState({ drawing: false });
    mouse.up();
    expect(await hole()).toBeNull();
  });
});

describe("ellipse", () => {
  it("is inscribed in its rectangle, and a circle with Shift", async () => {
    setTool("ellipse");
    mouse.drag([
      [30, 40],
      [90, 80],
    ]);
    expect(await hole()).toEqual({ x: 30, y: 40, width: 60, height: 40 });
    expect((await maskArea()) / (Math.PI * 30 * 20)).toBeCloseTo(1, 1);
    mouse.drag(
      [
        [100, 40],
        [160, 60],
      ],
      { shift: true },
    );
    expect(await hole()).toEqual({ x: 30, y: 40, width: 130, height: 60 });
  });
});

describe("lasso", () => {
  beforeEach(() => {
    setTool("lasso");
  });

  it("masks the outline's inside when released", async () => {
    mouse.drag([
      [30, 30],
      [80, 30],
      [80, 90],
      [30, 90],
    ]);
    expect(await hole()).toEqual({ x: 30, y: 30, width: 50, height: 60 });
    expect(await maskArea()).toBe(3000);
  });

  it("ignores fewer than three points", async () => {
    mouse.drag([
      [30, 30],
      [80, 30],
    ]);
    expect(await hole()).toBeNull();
    expect(useEditor.getState().drawing).toBe(false);
  });

  it("removes with Alt held at its end", async () => {
    mouse.drag([
      [30, 30],
      [80, 30],
      [80, 90],
      [30, 90],
    ]);
    mouse.drag(
      [
        [20, 20],
        [90, 20],
        [90, 60],
        [20, 60],
      ],
      { alt: true },
    );
    expect(await hole()).toEqual({ x: 30, y: 60, width: 50, height: 30 });
  });
});

describe("polygon", () => {
  beforeEach(() => {
    setTool("polygon");
  });

  const square = [
    [30, 30],
    [80, 30],
    [80, 80],
    [30, 80],
  ] as const;

  function clickCorners(): void {
    for (const [x, y] of square) mouse.click(x, y);
  }

  it("is closed by a click on its first corner", async () => {
    clickCorners();
    expect(useEditor.getState().drawing).toBe(true);
    mouse.click(33, 33);
    expect(await hole()).toEqual({ x: 30, y: 30, width: 50, height: 50 });
    expect(useEditor.getState().drawing).toBe(false);
  });

  it("is closed by a double click on its last corner", async () => {
    clickCorners();
    mouse.click(30, 80);
    expect(await hole()).toEqual({ x: 30, y: 30, width: 50, height: 50 });
  });

  it("is closed by the stage's command", async () => {
    clickCorners();
    currentStage()?.finish();
    expect(await hole()).toEqual({ x: 30, y: 30, width: 50, height: 50 });
  });

  it("isn't closed with two corners", async () => {
    mouse.click(30, 30);
    mouse.click(80, 30);
    currentStage()?.finish();
    expect(await hole()).toBeNull();
    expect(useEditor.getState().drawing).toBe(true);
  });

  it("loses its last corner by the stage's command", async () => {
    clickCorners();
    currentStage()?.removeLastPoint();
    currentStage()?.finish();
    await settled();
    expect(await maskAt(70, 35)).toBe(255);
    expect(await maskAt(35, 75)).toBe(0);
  });

  it("keeps angles of 45 degrees with Shift", async () => {
    mouse.click(30, 30);
    mouse.click(80, 34, { shift: true });
    mouse.click(77, 80, { shift: true });
    mouse.click(30, 80);
    currentStage()?.finish();
    expect(await hole()).toEqual({ x: 30, y: 30, width: 50, height: 50 });
  });

  it("is discarded when another tool is selected", async () => {
    clickCorners();
    setTool("brush");
    expect(useEditor.getState().drawing).toBe(false);
    currentStage()?.finish();
    expect(await hole()).toBeNull();
  });
});
