import { readFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { difference, EditorPage } from "./page";

test("fill, compare, undo, redo and save", async ({ page, server }) => {
  const externalRequests: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(server) && !/^(blob|data):/.test(request.url()))
      externalRequests.push(request.url());
  });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));

  const editor = new EditorPage(page);
  await editor.openSample(server);
  const before = await editor.settled();
  const middle = await editor.fromCentre();
  const brush = Number(await page.getByRole("slider", { name: "Brush size" }).inputValue());
  expect(brush).toBe(40);

  await editor.stroke();
  await editor.waitForFill();
  await expect(editor.history).toHaveCount(2);
  const after = await editor.expectDifferent(before);
  // The stroke, 4 pixels of growth and 2 of interpolation on every side; everything else is unchanged.
  const [changed, margin] = [await difference(before, after), brush / 2 + 4 + 2];
  expect(changed?.left).toBeGreaterThanOrEqual(middle.x - 40 - margin);
  expect(changed?.right).toBeLessThanOrEqual(middle.x + 40 + margin);
  expect(changed?.top).toBeGreaterThanOrEqual(middle.y - margin);
  expect(changed?.bottom).toBeLessThanOrEqual(middle.y + margin);

  await editor.button("Hold to show original").hover();
  await page.mouse.down();
  await editor.expectImage(before);
  await page.mouse.up();
  await editor.expectImage(after);

  await page.keyboard.down("Tab");
  await editor.expectImage(before);
  await page.keyboard.up("Tab");
  await editor.expectImage(after);

  await editor.undo.click();
  await editor.expectImage(before);
  await page.keyboard.press("Control+Shift+Z");
  await editor.expectImage(after);

  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Control+S");
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("cocktail_cleanup.jpg");
  const file = await readFile(await download.path());
  expect(file.readUInt16BE(0)).toBe(0xffd8);

  expect(errors).toEqual([]);
  expect(externalRequests).toEqual([]);
});
