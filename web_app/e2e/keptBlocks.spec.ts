import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { BATCH_MS } from "./deadlines";
import { test } from "./fixtures";
import { maskPng } from "./maskPng";
import { EditorPage } from "./page";

const CASES = "../tests/fixtures/cases";
/** A photo of 400 x 300 pixels with orientation 6. */
const PHOTO = join(CASES, "page-files-phone6.jpg");
const EDITS = 10;
/** Half of the stroke's length and thickness, and the reach of changed blocks, in pixels. */
const [HALF_LENGTH, HALF_THICKNESS, REACH] = [60, 20, 18];

interface Difference {
  readonly size: readonly [number, number];
  readonly pixels: number;
  /** Largest distances of differing pixels from the centre. */
  readonly reach: readonly [number, number];
}

/** Compares the upright pixels of two files in the browser. */
function compare(page: Page, before: Buffer, after: Buffer): Promise<Difference> {
  return page.evaluate(
    async ([before, after]) => {
      const pixels = async (bytes: readonly number[]) => {
        const file = new Blob([Uint8Array.from(bytes)]);
        const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        if (!context) throw new Error("no context");
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
      };
      const [a, b] = [await pixels(before), await pixels(after)];
      const [first, second] = [new Uint32Array(a.data.buffer), new Uint32Array(b.data.buffer)];
      let [count, across, down] = [0, 0, 0];
      second.forEach((pixel, at) => {
        if (pixel === first[at]) return;
        count++;
        across = Math.max(across, Math.abs((at % b.width) - b.width / 2));
        down = Math.max(down, Math.abs(Math.floor(at / b.width) - b.height / 2));
      });
      return { size: [b.width, b.height] as const, pixels: count, reach: [across, down] as const };
    },
    [[...before], [...after]] as const,
  );
}

async function save(page: Page): Promise<Buffer> {
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Control+S");
  return readFile(await (await downloading).path());
}

test("a JPEG keeps unchanged blocks through ten edits", async ({ page, server }) => {
  const editor = new EditorPage(page);
  const original = await readFile(PHOTO);
  let current: Buffer = original;
  await page.goto(server);
  for (let edit = 0; edit < EDITS; edit++) {
    await editor.openFile({ name: `photo${edit}.jpg`, mimeType: "image/jpeg", buffer: current });
    await expect(page.locator("header").getByText(`photo${edit}.jpg`)).toBeVisible();
    await editor.settled();
    await expect(page.getByText("300 × 400")).toBeVisible();
    // One pixel on the screen per image pixel.
    await page.keyboard.press("1");
    await editor.settled();
    expect(await editor.zoom()).toBe(100);
    await editor.stroke();
    await editor.waitForFill();
    const saved = await save(page);
    expect(saved.equals(current)).toBe(false);
    current = saved;
  }
  const { size, pixels, reach } = await compare(page, original, current);
  expect(size).toEqual([300, 400]);
  expect(pixels).toBeGreaterThan(500);
  expect(reach[0]).toBeLessThanOrEqual(HALF_LENGTH + REACH + 2);
  expect(reach[1]).toBeLessThanOrEqual(HALF_THICKNESS + REACH + 2);
  expect(Math.abs(current.length / original.length - 1)).toBeLessThan(0.15);
});

test("a JPEG without changes is saved as it is", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openFile(PHOTO);
  await editor.settled();
  await editor.stroke();
  await editor.waitForFill();
  await editor.undo.click();
  await expect(editor.undo).toBeDisabled();
  expect((await save(page)).equals(await readFile(PHOTO))).toBe(true);
});

test("a failed save keeps the image and can be repeated", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openFile(PHOTO);
  await editor.settled();
  await editor.stroke();
  await editor.waitForFill();
  await page.route("**/apply_patch", (route) => route.abort());
  await page.keyboard.press("Control+S");
  await expect(page.getByText(/Can't reach the server/).first()).toBeVisible();
  await expect(editor.history).toHaveCount(2);
  await page.unroute("**/apply_patch");
  const downloading = page.waitForEvent("download");
  await page.locator(".kit-toast").getByText("Retry", { exact: true }).click();
  const saved = await readFile(await (await downloading).path());
  expect((await compare(page, await readFile(PHOTO), saved)).pixels).toBeGreaterThan(500);
});

test("a chosen format encodes the whole image", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  await editor.openFile(PHOTO);
  await editor.settled();
  await page.keyboard.press("Control+Shift+S");
  const dialog = page.getByRole("dialog", { name: "Save image" });
  await expect(dialog.getByText(/stays exactly as it is/)).toBeVisible();
  await expect(dialog.getByRole("slider", { name: "Quality" })).toBeHidden();
  await dialog.getByLabel("Format").selectOption("jpeg");
  await expect(dialog.getByRole("slider", { name: "Quality" })).toBeVisible();
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Save" }).click();
  const saved = await readFile(await (await downloading).path());
  expect((await compare(page, await readFile(PHOTO), saved)).pixels).toBeGreaterThan(10_000);
});

test("batch results keep unchanged blocks", async ({ page, server }) => {
  await page.goto(server);
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (await choosing).setFiles(PHOTO);
  const masking = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose mask" }).click();
  const buffer = maskPng(300, 400, { x: 130, y: 190, width: 40, height: 20 });
  await (await masking).setFiles({ name: "mask.png", mimeType: "image/png", buffer });
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(dialog.getByRole("status")).toHaveText(/1 of 1 done/, { timeout: BATCH_MS });
  const downloading = page.waitForEvent("download");
  await dialog
    .getByRole("button", { name: /^(Download|Save)/ })
    .first()
    .click();
  const file = await readFile(await (await downloading).path());
  const saved = file.readUInt16BE(0) === 0xffd8 ? file : Buffer.from(Object.values(unzipSync(file))[0] ?? []);
  const { pixels, reach } = await compare(page, await readFile(PHOTO), saved);
  expect(pixels).toBeGreaterThan(200);
  expect(reach[0]).toBeLessThanOrEqual(20 + REACH + 2);
  expect(reach[1]).toBeLessThanOrEqual(10 + REACH + 2);
});
