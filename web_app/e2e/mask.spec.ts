import { readFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { EditorPage } from "./page";
import { test } from "./server";

/** Edges are smoothed in another way while something is drawn than once it is part of the mask. */
const ALIKE = 0.03;

test.beforeEach(async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.manualMode();
});

test("strokes collect, are erased, and are undone one by one", async ({ page }) => {
  const editor = new EditorPage(page);
  const original = await editor.settled();
  await editor.stroke(-60);
  await expect(editor.history).toHaveCount(2);
  const one = await editor.maskArea();
  await editor.stroke(60);
  await expect(editor.history).toHaveCount(3);
  const two = await editor.maskArea();
  expect(two / one).toBeCloseTo(2, 1);

  await page.keyboard.press("e");
  await editor.stroke(60);
  await expect(editor.history).toHaveCount(4);
  await expect.poll(() => editor.maskArea()).toBeLessThan(one * 1.02);
  await editor.undo.click();
  await editor.expectMask(two, ALIKE);
  await editor.undo.click();
  await editor.expectMask(one, ALIKE);
  await editor.expectPicture(original);

  await page.keyboard.press("Shift+R");
  await expect.poll(() => editor.maskArea()).toBe(0);
  await expect(editor.history).toHaveCount(3);
  // Undoing the fill gives the stroke back.
  await editor.undo.click();
  await editor.expectMask(one, ALIKE);
});

test("rectangle, ellipse, lasso, polygon and line draw what they say", async ({ page }) => {
  const editor = new EditorPage(page);
  const [a, b] = [await editor.spot(-100, -80), await editor.spot(100, 80)];
  const cleared = async () => {
    await page.keyboard.press("Delete");
    await expect.poll(() => editor.maskArea()).toBe(0);
  };
  const near = (area: number) => editor.expectMask(area, ALIKE);

  await page.keyboard.press("r");
  await editor.drag(a, b);
  await near(200 * 160);
  await cleared();

  await page.keyboard.press("o");
  await editor.drag(a, b);
  await near(Math.PI * 100 * 80);
  await cleared();

  await page.keyboard.press("l");
  await editor.drag(a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y });
  await near(200 * 160);
  await cleared();

  await page.keyboard.press("p");
  for (const { x, y } of [a, { x: b.x, y: a.y }, b]) await page.mouse.click(x, y);
  await page.keyboard.press("Enter");
  await near((200 * 160) / 2);
  await cleared();

  await page.keyboard.press("n");
  await editor.drag({ x: a.x, y: a.y }, { x: b.x, y: a.y });
  await near(200 * 40 + Math.PI * 400);

  // Alt takes away.
  await page.keyboard.press("r");
  await page.keyboard.down("Alt");
  await editor.drag({ x: a.x - 30, y: a.y - 30 }, { x: b.x + 30, y: b.y });
  await page.keyboard.up("Alt");
  await expect.poll(() => editor.maskArea()).toBe(0);
});

test("a mask is saved, loaded from a file, inverted, grown and shrunk", async ({ page }) => {
  const editor = new EditorPage(page);
  await page.keyboard.press("r");
  await editor.drag(await editor.spot(-60, -40), await editor.spot(60, 40));
  await expect(editor.history).toHaveCount(2);
  const area = await editor.maskArea();

  const downloading = page.waitForEvent("download");
  await editor.button("Save the mask").click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("cocktail_mask.png");
  const file = await readFile(await download.path());

  await editor.button("Clear the mask").click();
  await expect.poll(() => editor.maskArea()).toBe(0);
  await page
    .locator("input[data-purpose=mask]")
    .setInputFiles({ name: "mask.png", mimeType: "image/png", buffer: file });
  await editor.expectMask(area, ALIKE);

  await page.keyboard.press("i");
  await expect.poll(() => editor.maskArea()).toBeGreaterThan(area * 4);
  await page.keyboard.press("i");
  await editor.expectMask(area, ALIKE);
  await editor.button("Grow the mask").click();
  await expect.poll(() => editor.maskArea()).toBeGreaterThan(area * 1.2);
  await editor.button("Shrink the mask").click();
  await editor.expectMask(area, ALIKE);

  await editor.run.click();
  await editor.filled();
});
