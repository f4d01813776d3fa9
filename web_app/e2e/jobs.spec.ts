import { expect, type APIRequestContext, type APIResponse } from "@playwright/test";
import { FILL_MS } from "./deadlines";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";

/** Opens a large image and masks four distant areas, which the server fills as separate crops. */
async function maskFourAreas(editor: EditorPage, server: string): Promise<void> {
  await editor.page.goto(server);
  await editor.openGenerated(4000, 3000);
  await editor.page.getByRole("combobox", { name: "Strategy for large images" }).selectOption("Crop");
  await editor.manualMode();
  for (const [index, [dx, dy]] of [
    [-220, -160],
    [180, -160],
    [-220, 120],
    [180, 120],
  ].entries()) {
    await editor.drag(await editor.fromCentre(dx, dy), await editor.fromCentre((dx ?? 0) + 60, dy));
    await expect(editor.history).toHaveCount(index + 2);
  }
}

test("progress counts the crops", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await maskFourAreas(editor, server);
  const messages = await editor.recordProgress();
  await editor.run.click();
  await editor.waitForFill();
  const crops = (await messages()).filter((text) => text.startsWith("Filling area"));
  expect(new Set(crops).size).toBeGreaterThan(1);
  for (const crop of crops) expect(crop).toMatch(/^Filling area [1-4] of 4…$/);
  // The count never decreases.
  expect(crops).toEqual([...crops].sort());
});

/** Returns the value of a sample of the server's metrics. */
async function metric(request: APIRequestContext, server: string, sample: string): Promise<number> {
  const metrics = await (await request.get(new URL("metrics", server).href)).text();
  const line = metrics.split("\n").find((candidate) => candidate.startsWith(`${sample} `));
  if (line === undefined) throw new Error(`The metrics have no sample ${sample}.`);
  return Number(line.slice(sample.length + 1));
}

test("cancel stops the job on the server", async ({ page, request, server }) => {
  const editor = new EditorPage(page);
  await maskFourAreas(editor, server);
  const before = await editor.settledMaskArea();
  const done = await metric(request, server, 'iopaint_jobs_total{outcome="done"}');
  const deleted = page.waitForResponse((response) => response.request().method() === "DELETE");
  const filling = editor.untilProgress("Filling");
  await editor.run.click();
  await filling;
  await page.keyboard.press("Escape");
  // The page closes the request's connection too. If the server handles that first, the job is already gone.
  expect([204, 404]).toContain((await deleted).status());
  await expect.poll(() => metric(request, server, "iopaint_jobs_inside")).toBe(0);
  expect(await metric(request, server, 'iopaint_jobs_total{outcome="done"}')).toBe(done);
  await editor.expectMask(before, 0.03);
  await expect(editor.undo).toBeEnabled();
});

test("progress shows queued jobs", async ({ page, request, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  const messages = await editor.recordProgress();
  const image = maskPng(1500, 1500, { x: 0, y: 0, width: 700, height: 1500 });
  const mask = maskPng(1500, 1500, { x: 300, y: 300, width: 900, height: 900 });
  const others: Promise<APIResponse>[] = [];
  // The page's request is held back until other jobs are queued.
  await page.route("**/api/v1/inpaint", async (route) => {
    for (let job = 0; job < 3; job++) {
      const other = request.post(new URL("api/v1/inpaint", server).href, {
        multipart: {
          image: { name: "image.png", mimeType: "image/png", buffer: image },
          mask: { name: "mask.png", mimeType: "image/png", buffer: mask },
        },
        timeout: FILL_MS,
      });
      others.push(other);
    }
    await expect
      .poll(() => metric(request, server, "iopaint_queue_depth"), { intervals: [20] })
      .toBeGreaterThan(0);
    await route.continue();
  });
  await editor.stroke();
  await editor.waitForFill();
  expect((await messages()).filter((text) => /Waiting|Next in the queue/.test(text))).not.toEqual([]);
  expect(others).toHaveLength(3);
  for (const other of others) expect((await other).ok()).toBe(true);
});
