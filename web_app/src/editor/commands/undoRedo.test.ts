// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rectangleCorners } from "../../core/shapes";
import { onChange } from "../changes";
import { useEditor } from "../store";
import { hole, openImage, resetEditor } from "../testing/editor";
import { editMask } from "./mask";
import { goTo, redo, undo } from "./undoRedo";

vi.mock("../document/client", () => import("../testing/client"));
vi.mock("../document/codec", () => import("../testing/codec"));

const holes = [
  null,
  { x: 10, y: 10, width: 10, height: 10 },
  { x: 10, y: 10, width: 40, height: 40 },
  { x: 10, y: 10, width: 70, height: 70 },
];

/** Records three squares; after `n` steps the hole is `holes[n]`. */
async function drawSquares(): Promise<void> {
  await openImage();
  for (const corner of [10, 40, 70])
    await editMask({
      kind: "polygon",
      mode: "add",
      points: rectangleCorners({ x: corner, y: corner }, { x: corner + 10, y: corner + 10 }),
    });
}

beforeEach(resetEditor);
afterEach(resetEditor);

const counts = () => {
  const { past, future } = useEditor.getState().history;
  return [past.length, future.length];
};

describe("undo and redo", () => {
  it("apply steps one by one", async () => {
    await drawSquares();
    for (const steps of [2, 1, 0]) {
      await undo();
      expect(await hole()).toEqual(holes[steps]);
      expect(counts()).toEqual([steps, 3 - steps]);
    }
    for (const steps of [1, 2, 3]) {
      await redo();
      expect(await hole()).toEqual(holes[steps]);
      expect(counts()).toEqual([steps, 3 - steps]);
    }
  });

  it("do nothing at the ends of the history", async () => {
    await drawSquares();
    await redo();
    expect(counts()).toEqual([3, 0]);
    await goTo(0);
    await undo();
    expect(counts()).toEqual([0, 3]);
  });

  it("go to any step", async () => {
    await drawSquares();
    for (const steps of [0, 3, 1, 2, 2]) {
      await goTo(steps);
      expect(await hole()).toEqual(holes[steps]);
    }
  });

  it("discard undone steps after a new one", async () => {
    await drawSquares();
    await goTo(1);
    await editMask({ kind: "invert" });
    expect(counts()).toEqual([2, 0]);
    await redo();
    expect(counts()).toEqual([2, 0]);
  });

  it("run in the order of their calls", async () => {
    await drawSquares();
    await Promise.all([undo(), undo(), redo(), undo(), undo()]);
    expect(await hole()).toBeNull();
  });

  it("wait for a job to end", async () => {
    await drawSquares();
    useEditor.setState({
      job: {
        id: "1",
        task: "fill",
        startedAt: 0,
        abort: new AbortController(),
        progress: { state: "running", position: null, crop: null, crops: null },
      },
    });
    await undo();
    expect(counts()).toEqual([3, 0]);
  });

  it("publish the changed rectangle", async () => {
    await drawSquares();
    const changes: unknown[] = [];
    const stop = onChange((change) => changes.push(change.mask));
    await undo();
    stop();
    await undo();
    expect(changes).toEqual([{ x: 70, y: 70, width: 10, height: 10 }]);
  });
});
