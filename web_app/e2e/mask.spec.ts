import { readFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./pictures";

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
  const area = await editor.settledMaskArea();

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

test("a mask that is dropped on the page is taken and feathered, and a picture is opened", async ({
  page,
}) => {
  const editor = new EditorPage(page);
  const { left, right } = await editor.bounds();
  const scale = ((right - left + 1) / 512) ** 2;
  const file = maskPng(512, 512, { x: 100, y: 100, width: 120, height: 80 });
  await editor.drop({ name: "mask.png", mimeType: "image/png", buffer: file }, "Use as the mask");
  await editor.expectMask(120 * 80 * scale, ALIKE);
  await expect(page.getByText("cocktail.jpg")).toBeVisible();

  // Feathering spreads the edge to both sides.
  await editor.button("Feather the mask").click();
  await expect.poll(() => editor.softMask()).toBeGreaterThan(500);
  await editor.undo.click();
  await editor.expectMask(120 * 80 * scale, ALIKE);

  await editor.drop({ name: "other.png", mimeType: "image/png", buffer: file }, "Open this picture");
  await expect(page.getByText("other.png")).toBeVisible();
  await expect(editor.button("Mask what is transparent")).toBeDisabled();
});

test("what is transparent in a picture becomes its mask", async ({ page }) => {
  const editor = new EditorPage(page);
  await page.evaluate(async () => {
    const context = new OffscreenCanvas(400, 300).getContext("2d");
    if (!context) throw new Error("no context");
    context.fillStyle = "#3a7";
    context.fillRect(0, 0, 400, 300);
    context.clearRect(100, 50, 100, 60);
    const files = new DataTransfer();
    files.items.add(new File([await context.canvas.convertToBlob()], "cut.png", { type: "image/png" }));
    const input = document.querySelector<HTMLInputElement>("input[data-purpose=picture]");
    if (!input) throw new Error("no field for files");
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  await expect(page.getByText("400 × 300")).toBeVisible();
  await editor.settled();
  const { left, right } = await editor.bounds();
  await editor.button("Mask what is transparent").click();
  await editor.expectMask(100 * 60 * ((right - left + 1) / 400) ** 2, ALIKE);
});
