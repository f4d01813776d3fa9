import { readFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";

/** Relative tolerance for mask areas; antialiasing differs between the preview and the mask. */
const TOLERANCE = 0.03;

test.beforeEach(async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.manualMode();
});

test("strokes accumulate, erase and undo", async ({ page }) => {
  const editor = new EditorPage(page);
  const original = await editor.settled();
  await editor.stroke(-60);
  await expect(editor.history).toHaveCount(2);
  const one = await editor.settledMaskArea();
  await editor.stroke(60);
  await expect(editor.history).toHaveCount(3);
  const two = await editor.settledMaskArea();
  expect(two / one).toBeCloseTo(2, 1);

  await page.keyboard.press("e");
  await editor.stroke(60);
  await expect(editor.history).toHaveCount(4);
  await expect.poll(() => editor.maskArea()).toBeLessThan(one * 1.02);
  await editor.undo.click();
  await editor.expectMask(two, TOLERANCE);
  await editor.undo.click();
  await editor.expectMask(one, TOLERANCE);
  await editor.expectImage(original);

  await page.keyboard.press("Shift+R");
  await expect.poll(() => editor.maskArea()).toBe(0);
  await expect(editor.history).toHaveCount(3);
  // Undoing the fill restores the mask.
  await editor.undo.click();
  await editor.expectMask(one, TOLERANCE);
});

test("shape tools mask their area", async ({ page }) => {
  const editor = new EditorPage(page);
  const [a, b] = [await editor.fromCentre(-100, -80), await editor.fromCentre(100, 80)];
  const clear = async () => {
    // The canvas shows a mask before the worker has confirmed it, which enables the shortcut.
    await expect(async () => {
      await page.keyboard.press("Delete");
      expect(await editor.maskArea()).toBe(0);
    }).toPass();
  };
  const expectArea = (area: number) => editor.expectMask(area, TOLERANCE);

  await page.keyboard.press("r");
  await editor.drag(a, b);
  await expectArea(200 * 160);
  await clear();

  await page.keyboard.press("o");
  await editor.drag(a, b);
  await expectArea(Math.PI * 100 * 80);
  await clear();

  await page.keyboard.press("l");
  await editor.drag(a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y });
  await expectArea(200 * 160);
  await clear();

  await page.keyboard.press("p");
  for (const { x, y } of [a, { x: b.x, y: a.y }, b]) await page.mouse.click(x, y);
  await page.keyboard.press("Enter");
  await expectArea((200 * 160) / 2);
  await clear();

  await page.keyboard.press("n");
  await editor.drag({ x: a.x, y: a.y }, { x: b.x, y: a.y });
  await expectArea(200 * 40 + Math.PI * 400);

  // Alt subtracts.
  await page.keyboard.press("r");
  await page.keyboard.down("Alt");
  await editor.drag({ x: a.x - 30, y: a.y - 30 }, { x: b.x + 30, y: b.y });
  await page.keyboard.up("Alt");
  await expect.poll(() => editor.maskArea()).toBe(0);
});

test("masks can be saved, loaded and modified", async ({ page }) => {
  const editor = new EditorPage(page);
  await page.keyboard.press("r");
  await editor.drag(await editor.fromCentre(-60, -40), await editor.fromCentre(60, 40));
  await expect(editor.history).toHaveCount(2);
  const area = await editor.settledMaskArea();

  const downloading = page.waitForEvent("download");
  await editor.button("Save mask").click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("cocktail_mask.png");
  const file = await readFile(await download.path());

  await editor.button("Clear mask").click();
  await expect.poll(() => editor.maskArea()).toBe(0);
  await page
    .locator("input[data-purpose=mask]")
    .setInputFiles({ name: "mask.png", mimeType: "image/png", buffer: file });
  await editor.expectMask(area, TOLERANCE);

  await page.keyboard.press("i");
  await expect.poll(() => editor.maskArea()).toBeGreaterThan(area * 4);
  await page.keyboard.press("i");
  await editor.expectMask(area, TOLERANCE);
  await editor.button("Grow mask").click();
  await expect.poll(() => editor.maskArea()).toBeGreaterThan(area * 1.2);
  await editor.button("Shrink mask").click();
  await editor.expectMask(area, TOLERANCE);

  await editor.run.click();
  await editor.waitForFill();
});

test("masks and images can be dropped", async ({ page }) => {
  const editor = new EditorPage(page);
  const { left, right } = await editor.bounds();
  const scale = ((right - left + 1) / 512) ** 2;
  const file = maskPng(512, 512, { x: 100, y: 100, width: 120, height: 80 });
  await editor.drop({ name: "mask.png", mimeType: "image/png", buffer: file }, "Drop to use as mask");
  await editor.expectMask(120 * 80 * scale, TOLERANCE);
  await expect(page.getByText("cocktail.jpg")).toBeVisible();

  // Feathering softens the edge on both sides.
  await editor.button("Feather mask").click();
  await expect.poll(() => editor.partialMaskArea()).toBeGreaterThan(500);
  await editor.undo.click();
  await editor.expectMask(120 * 80 * scale, TOLERANCE);

  await editor.drop({ name: "other.png", mimeType: "image/png", buffer: file }, "Drop to open");
  await expect(page.getByText("other.png")).toBeVisible();
  await expect(editor.button("Create mask from transparency")).toBeDisabled();
});

test("transparency becomes the mask", async ({ page }) => {
  const editor = new EditorPage(page);
  await page.evaluate(async () => {
    const context = new OffscreenCanvas(400, 300).getContext("2d");
    if (!context) throw new Error("no context");
    context.fillStyle = "#3a7";
    context.fillRect(0, 0, 400, 300);
    context.clearRect(100, 50, 100, 60);
    const files = new DataTransfer();
    files.items.add(new File([await context.canvas.convertToBlob()], "cut.png", { type: "image/png" }));
    const input = document.querySelector<HTMLInputElement>("input[data-purpose=image]");
    if (!input) throw new Error("no file input");
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await expect(page.getByText("400 × 300")).toBeVisible();
  await editor.settled();
  const { left, right } = await editor.bounds();
  await editor.button("Create mask from transparency").click();
  await editor.expectMask(100 * 60 * ((right - left + 1) / 400) ** 2, TOLERANCE);
});
