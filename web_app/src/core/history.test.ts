import { describe, expect, it } from "vitest";
import { EMPTY_HISTORY, push, redo, undo, type History } from "./history";

const add = (history: History<string>, step: string, budget = 100) =>
  push(history, step, (each) => each.length, budget);

describe("history", () => {
  it("undoes newest first, redoes in order", () => {
    let history: History<string> = add(add(add(EMPTY_HISTORY, "a"), "b"), "c");
    const undone: string[] = [];
    for (let next = undo(history); next; next = undo(history)) {
      undone.push(next[1]);
      history = next[0];
    }
    expect(undone).toEqual(["c", "b", "a"]);
    const redone: string[] = [];
    for (let next = redo(history); next; next = redo(history)) {
      redone.push(next[1]);
      history = next[0];
    }
    expect(redone).toEqual(["a", "b", "c"]);
  });

  it("discards undone steps on a new step", () => {
    const [history] = undo(add(add(EMPTY_HISTORY, "a"), "b")) ?? [EMPTY_HISTORY];
    expect(add(history, "c")).toEqual({ past: ["a", "c"], future: [] });
  });

  it("drops the oldest steps over budget", () => {
    const history = add(add(add(EMPTY_HISTORY, "aaaa"), "bbb"), "cc", 5);
    expect(history.past).toEqual(["bbb", "cc"]);
    expect(add(history, "d".repeat(9), 5).past).toEqual(["d".repeat(9)]);
  });

  it("starts without steps", () => {
    expect(undo(EMPTY_HISTORY)).toBeNull();
    expect(redo(EMPTY_HISTORY)).toBeNull();
  });
});
