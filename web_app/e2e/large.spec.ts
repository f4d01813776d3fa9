import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, type Browser, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

const IMAGE = { width: 6000, height: 4000 };
/** Size of a memory page, in bytes. */
const PAGE_SIZE = 4096;
/** Forces a garbage collection; requires `--expose-gc`. */
const COLLECT_GARBAGE = "globalThis.gc()";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** CPU time of the thread in microseconds, excluding preemption. */
  readonly tdur?: number;
  readonly args: { readonly data?: { readonly type?: string }; readonly name?: string };
}

/** Traces `work` and returns the main thread's CPU times of pointer events and tasks, in milliseconds. */
async function traceMainThread(browser: Browser, page: Page, work: () => Promise<void>) {
  await browser.startTracing(page, {
    categories: ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"],
  });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const pointerEvent = traceEvents.find(
    ({ name, args }) => name === "EventDispatch" && args.data?.type === "pointermove",
  );
  const mainThread = traceEvents.filter(
    ({ pid, tid }) => pid === pointerEvent?.pid && tid === pointerEvent.tid,
  );
  const times = (events: TraceEvent[]) => events.map(({ tdur = 0 }) => tdur / 1000);
  return {
    pointer: times(
      mainThread.filter(
        ({ name, args }) => name === "EventDispatch" && args.data?.type?.startsWith("pointer") === true,
      ),
    ),
    tasks: times(mainThread.filter(({ name, ph }) => ph === "X" && name.endsWith("RunTask"))),
  };
}

/**
 * Returns the CPU time in which the main thread fills and copies an image of this size, in milliseconds.
 * Unlike a fixed limit for tasks, it follows the machine's speed.
 */
async function copyTime(browser: Browser, page: Page, pixels: number): Promise<number> {
  const { x, y } = await new EditorPage(page).fromCentre();
  const { tasks } = await traceMainThread(browser, page, async () => {
    await page.mouse.move(x, y);
    await page.evaluate((pixels) => new Uint32Array(pixels).fill(1).slice().at(-1), pixels);
  });
  return Math.max(...tasks);
}

test("painting on 24 MP causes no long tasks", async ({ browser, page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openGenerated(IMAGE.width, IMAGE.height);
  const sent: number[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/inpaint")) sent.push(request.postDataBuffer()?.length ?? 0);
  });
  const copy = await copyTime(browser, page, IMAGE.width * IMAGE.height);
  const [from, to] = [await editor.fromCentre(-80), await editor.fromCentre(80, 40)];
  const { pointer, tasks } = await traceMainThread(browser, page, async () => {
    await editor.drag(from, to, { x: from.x, y: to.y });
    await editor.waitForFill();
  });
  expect(pointer.length).toBeGreaterThan(10);
  expect(Math.max(...pointer)).toBeLessThan(copy / 8);
  expect(tasks.length).toBeGreaterThan(10);
  expect(Math.max(...tasks)).toBeLessThan(copy);
  // The request contains the mask's surroundings instead of the whole image.
  expect(Math.max(...sent)).toBeLessThan(8_000_000);
  expect(sent).toHaveLength(1);
});

/** Returns the resident memory of all browser processes, in bytes. */
async function residentMemory(browser: Browser): Promise<number> {
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = (await client.send("SystemInfo.getProcessInfo")) as {
    processInfo: { id: number }[];
  };
  await client.detach();
  const sizes = await Promise.all(
    processInfo.map(async ({ id }) => {
      // The process may have exited in the meantime.
      const statm = await readFile(`/proc/${id}/statm`, "utf8").catch(() => "0 0");
      return Number(statm.split(" ")[1]) * PAGE_SIZE;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("history of 24 MP edits is memory-bounded", async ({ browser, page, server }) => {
  test.skip(!existsSync("/proc/self/statm"), "requires Linux's /proc");
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openGenerated(IMAGE.width, IMAGE.height);
  const collect = async () => {
    await page.evaluate(COLLECT_GARBAGE);
    for (const worker of page.workers()) await worker.evaluate(COLLECT_GARBAGE);
    return residentMemory(browser);
  };
  const fill = async (edit: number) => {
    await editor.stroke(-180 + edit * 36);
    await expect(editor.history).toHaveCount(edit + 2);
    await editor.waitForFill();
  };
  // The first fill makes one-time allocations, which aren't part of the history.
  await fill(0);
  const before = await collect();
  for (let edit = 1; edit <= 10; edit++) await fill(edit);
  for (let step = 0; step < 10; step++) await page.keyboard.press("Control+Z");
  for (let step = 0; step < 10; step++) await page.keyboard.press("Control+Shift+Z");
  await expect(editor.redo).toBeDisabled();
  await editor.settled();
  const growth = (await collect()) - before;
  expect(growth, `${Math.round(growth / 1e6)} MB growth`).toBeLessThan(2 * IMAGE.width * IMAGE.height * 4);
});
