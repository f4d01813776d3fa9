import { expect, type Browser, type Page } from "@playwright/test";
import { EditorPage } from "./page";
import { test } from "./server";

/** What a person feels as a hitch (RAIL, long tasks), and what a pointer event may cost. */
const LONG_TASK_MS = 50;
const POINTER_MS = 8;

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

/** Opens a photo of 24 megapixels, made in the page. */
async function openLarge(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(6000, 4000);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no context");
    for (let index = 0; index < 400; index++) {
      context.fillStyle = `hsl(${(index * 47) % 360} 60% ${20 + (index % 60)}%)`;
      context.fillRect((index * 733) % 6000, (index * 457) % 4000, 900, 700);
    }
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
    const files = new DataTransfer();
    files.items.add(new File([blob], "large.jpg", { type: "image/jpeg" }));
    const input = document.querySelector<HTMLInputElement>("input[data-purpose=picture]");
    if (!input) throw new Error("no field for files");
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
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
  await openLarge(page);
  await expect(page.getByText("6000 × 4000")).toBeVisible();
  await editor.settled();
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
