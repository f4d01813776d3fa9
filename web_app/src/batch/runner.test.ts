import { describe, expect, it } from "vitest";
import { TaskRunner } from "./runner";

/** Creates a runner whose tasks are completed by the test, and records the reported states. */
function createRunner(concurrency = 2) {
  const open = new Map<string, { end: (result: string) => void; fail: (reason: Error) => void }>();
  const states = new Map<string, string>();
  const history: string[] = [];
  const runner = new TaskRunner<string, string>(
    (task, signal) =>
      new Promise((end, fail) => {
        open.set(task, { end, fail });
        signal.addEventListener("abort", () => {
          fail(new DOMException("stopped", "AbortError"));
        });
      }),
    (task, { state }) => {
      states.set(task, state);
      history.push(`${task} ${state}`);
    },
    concurrency,
  );
  return { open, states, history, runner };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("TaskRunner", () => {
  it("runs two tasks at a time, in order", async () => {
    const { open, states, runner } = createRunner();
    runner.add(["a", "b", "c"]);
    expect([...states]).toEqual([
      ["a", "running"],
      ["b", "running"],
      ["c", "waiting"],
    ]);
    open.get("b")?.end("B");
    await settle();
    expect([...states.values()]).toEqual(["running", "done", "running"]);
    expect(runner.busy).toBe(true);
  });

  it("continues after a failure", async () => {
    const { open, states, runner } = createRunner(1);
    runner.add(["a", "b"]);
    open.get("a")?.fail(new Error("broken"));
    await settle();
    open.get("b")?.end("B");
    await settle();
    expect([...states.values()]).toEqual(["failed", "done"]);
    expect(runner.busy).toBe(false);
  });

  it("runs a failed task again", async () => {
    const { open, states, history, runner } = createRunner();
    runner.add(["a"]);
    open.get("a")?.fail(new Error("broken"));
    await settle();
    runner.add(["a"]);
    open.get("a")?.end("A");
    await settle();
    expect(states.get("a")).toBe("done");
    expect(history).toEqual(["a waiting", "a running", "a failed", "a waiting", "a running", "a done"]);
  });

  it("ignores a task that is already queued", () => {
    const { history, runner } = createRunner(1);
    runner.add(["a", "b"]);
    runner.add(["a", "b"]);
    expect(history).toEqual(["a waiting", "b waiting", "a running"]);
  });

  it("cancels queued and running tasks", async () => {
    const { states, runner } = createRunner(1);
    runner.add(["a", "b", "c"]);
    runner.cancel("b");
    runner.cancel("a");
    await settle();
    expect([...states.values()]).toEqual(["cancelled", "cancelled", "running"]);
    runner.cancelAll();
    await settle();
    expect(states.get("c")).toBe("cancelled");
    expect(runner.busy).toBe(false);
  });

  it("drops a result after cancellation", async () => {
    const states: string[] = [];
    let end: (result: string) => void = () => undefined;
    const runner = new TaskRunner<string, string>(
      () => new Promise((resolve) => (end = resolve)),
      (_, { state }) => states.push(state),
      1,
    );
    runner.add(["a"]);
    runner.cancel("a");
    end("too late");
    await settle();
    expect(states).toEqual(["waiting", "running", "cancelled"]);
  });
});
