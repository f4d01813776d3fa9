import { describe, expect, it } from "vitest";
import { EMPTY_HISTORY, undo, type History } from "./history";
import type { Stroke } from "./mask";
import { addPatch, addStroke, pendingStrokes, type Patch, type Step } from "./steps";

const stroke = (x: number): Stroke => ({ mode: "paint", size: 4, points: [{ x, y: 0 }] });
const patch: Patch = {
  box: { x: 0, y: 0, width: 1, height: 1 },
  before: new Uint8ClampedArray(4),
  after: new Uint8ClampedArray(4),
};
const start: History<Step> = EMPTY_HISTORY;

describe("steps", () => {
  it("lets strokes wait, oldest first, until a fill takes their place", () => {
    const waiting = addStroke(addStroke(start, stroke(1)), stroke(2));
    expect(pendingStrokes(waiting)).toEqual([stroke(1), stroke(2)]);
    const filled = addPatch(waiting, patch);
    expect(pendingStrokes(filled)).toEqual([]);
    expect(filled.past).toEqual([{ kind: "patch", patch }]);
  });

  it("keeps strokes of an earlier fill out of the next one", () => {
    const history = addStroke(addPatch(addStroke(start, stroke(1)), patch), stroke(2));
    expect(pendingStrokes(history)).toEqual([stroke(2)]);
  });

  it("takes waiting strokes back one by one", () => {
    const [history] = undo(addStroke(addStroke(start, stroke(1)), stroke(2))) ?? [start];
    expect(pendingStrokes(history)).toEqual([stroke(1)]);
  });

  it("lets the oldest fill go when memory runs out", () => {
    const other = { ...patch };
    const history = addPatch(addPatch(start, patch, 8), other, 8);
    expect(history.past).toEqual([{ kind: "patch", patch: other }]);
    expect(history.past).toHaveLength(1);
  });
});
