import { readFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import { test } from "./server";

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The picture as the page shows it: RGBA of the canvas, row by row. */
async function shown(page: Page): Promise<{ width: number; pixels: Buffer }> {
  const { width, text } = await page.locator("canvas.picture").evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no context");
    const { data, width } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (const byte of data) text += String.fromCharCode(byte);
    return { width, text: btoa(text) };
  });
  return { width, pixels: Buffer.from(text, "base64") };
}

/** The rectangle in which two pictures differ; null where they don't. */
function difference(a: { width: number; pixels: Buffer }, b: { pixels: Buffer }): Box | null {
  let box: Box | null = null;
  for (let at = 0; at < a.pixels.length; at += 4) {
    if (a.pixels.readUInt32LE(at) === b.pixels.readUInt32LE(at)) continue;
    const [x, y] = [(at / 4) % a.width, Math.floor(at / 4 / a.width)];
    box ??= { left: x, top: y, right: x, bottom: y };
    box = {
      left: Math.min(box.left, x),
      top: box.top,
      right: Math.max(box.right, x),
      bottom: y,
    };
  }
  return box;
}

test("what is painted over is replaced, and undo, compare and download work", async ({ page, server }) => {
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server) && !/^(blob|data):/.test(request.url()))
      foreign.push(request.url());
  });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));

  await page.goto(server);
  await page.getByRole("button", { name: "Cocktail by the sea" }).click();
  const picture = page.getByRole("img", { name: /cocktail/ });
  await expect(picture).toBeVisible();
  const before = await shown(page);

  const box = await picture.boundingBox();
  if (!box) throw new Error("the picture is not on the page");
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const brush = Number(await page.getByRole("slider", { name: "Brush size" }).inputValue());
  await page.mouse.move(middle.x - 40, middle.y);
  await page.mouse.down();
  await page.mouse.move(middle.x + 40, middle.y, { steps: 8 });
  await page.mouse.up();

  await expect.poll(async () => difference(before, await shown(page))).not.toBeNull();
  const undo = page.getByRole("button", { name: "Undo" });
  await expect(undo).toBeEnabled();
  const after = await shown(page);
  const changed = difference(before, after);
  // The stroke and a pixel of smoothing on every side; the picture around it is as it was.
  const [reach, x, y] = [brush / 2 + 2, middle.x - box.x, middle.y - box.y];
  expect(changed?.left).toBeGreaterThanOrEqual(x - 40 - reach);
  expect(changed?.right).toBeLessThanOrEqual(x + 40 + reach);
  expect(changed?.top).toBeGreaterThanOrEqual(y - reach);
  expect(changed?.bottom).toBeLessThanOrEqual(y + reach);

  const compare = page.getByRole("button", { name: "Compare" });
  await compare.hover();
  await page.mouse.down();
  await expect.poll(async () => difference(before, await shown(page))).toBeNull();
  await page.mouse.up();
  await expect.poll(async () => difference(after, await shown(page))).toBeNull();

  await undo.click();
  await expect.poll(async () => difference(before, await shown(page))).toBeNull();
  await page.getByRole("button", { name: "Redo" }).click();
  await expect.poll(async () => difference(after, await shown(page))).toBeNull();

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("cocktail_cleanup.jpg");
  const file = await readFile(await download.path());
  expect(file.readUInt16BE(0)).toBe(0xffd8);

  expect(faults).toEqual([]);
  expect(foreign).toEqual([]);
});
