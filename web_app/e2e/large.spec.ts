import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, type Browser, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

/** What a person feels as a hitch (RAIL, long tasks), and what a pointer event may cost. */
const LONG_TASK_MS = 50;
const POINTER_MS = 8;
/** Of memory, in bytes. */
const PAGE_SIZE = 4096;
/** Collects what nobody holds; the browser is started so that pages may. */
const COLLECT = "globalThis.gc()";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  /** Time on the processor; other programs' work doesn't count. */
  readonly tdur?: number;
  readonly args: { readonly data?: { readonly type?: string }; readonly name?: string };
}

/** The times that the page's own thread spent on events and tasks, in milliseconds. */
async function traced(browser: Browser, page: Page, work: () => Promise<void>) {
  await browser.startTracing(page, {
    categories: ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel"],
  });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const own = traceEvents.find(
    ({ name, args }) => name === "EventDispatch" && args.data?.type === "pointermove",
  );
  const mine = traceEvents.filter(({ pid, tid }) => pid === own?.pid && tid === own.tid);
  const times = (events: TraceEvent[]) => events.map(({ tdur = 0 }) => tdur / 1000);
  return {
    pointer: times(
      mine.filter(
        ({ name, args }) => name === "EventDispatch" && args.data?.type?.startsWith("pointer") === true,
      ),
    ),
    tasks: times(mine.filter(({ name, ph }) => ph === "X" && name.endsWith("RunTask"))),
  };
}

test("painting on 24 megapixels and waiting for the result never makes the page stutter", async ({
  browser,
  page,
  server,
}) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openDrawn(6000, 4000);
  const sent: number[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/inpaint")) sent.push(request.postDataBuffer()?.length ?? 0);
  });
  const [from, to] = [await editor.spot(-80), await editor.spot(80, 40)];
  const { pointer, tasks } = await traced(browser, page, async () => {
    await editor.drag(from, to, { x: from.x, y: to.y });
    await editor.filled();
  });
  expect(pointer.length).toBeGreaterThan(10);
  expect(Math.max(...pointer)).toBeLessThan(POINTER_MS);
  expect(tasks.length).toBeGreaterThan(10);
  expect(Math.max(...tasks)).toBeLessThan(LONG_TASK_MS);
  // The surroundings of the hole, not 24 megapixels.
  expect(Math.max(...sent)).toBeLessThan(8_000_000);
  expect(sent).toHaveLength(1);
});

/** Resident memory of the browser and all its processes, in bytes. */
async function residentMemory(browser: Browser): Promise<number> {
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = (await client.send("SystemInfo.getProcessInfo")) as {
    processInfo: { id: number }[];
  };
  await client.detach();
  const sizes = await Promise.all(
    processInfo.map(async ({ id }) => {
      // A process that ended meanwhile takes none.
      const statm = await readFile(`/proc/${id}/statm`, "utf8").catch(() => "0 0");
      return Number(statm.split(" ")[1]) * PAGE_SIZE;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

test("ten edits of 24 megapixels, undone and done again, cost less than two copies of the picture", async ({
  browser,
  page,
  server,
}) => {
  test.skip(!existsSync("/proc/self/statm"), "how much memory processes have is read as Linux tells it");
  test.setTimeout(300_000);
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openDrawn(6000, 4000);
  const collect = async () => {
    await page.evaluate(COLLECT);
    for (const worker of page.workers()) await worker.evaluate(COLLECT);
    return residentMemory(browser);
  };
  const fill = async (edit: number) => {
    await editor.stroke(-180 + edit * 36);
    await expect(editor.history).toHaveCount(edit + 2);
    await editor.filled();
  };
  // What the first edit loads and allocates for good is no part of the history.
  await fill(0);
  const before = await collect();
  for (let edit = 1; edit <= 10; edit++) await fill(edit);
  for (let step = 0; step < 10; step++) await page.keyboard.press("Control+Z");
  for (let step = 0; step < 10; step++) await page.keyboard.press("Control+Shift+Z");
  await expect(editor.redo).toBeDisabled();
  await editor.settled();
  const grown = (await collect()) - before;
  expect(grown, `${Math.round(grown / 1e6)} MB more`).toBeLessThan(2 * 6000 * 4000 * 4);
});
