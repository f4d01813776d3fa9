import { readFile } from "node:fs/promises";
import { expect } from "@playwright/test";
import { unzipSync } from "fflate";
import { BATCH_MS } from "./deadlines";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";

/** Index of the photo with truncated data. */
const BROKEN = 4;

test("batch continues after a broken photo", async ({ page, server }) => {
  const image = maskPng(96, 64, { x: 0, y: 0, width: 44, height: 30 });
  const photos = Array.from({ length: 12 }, (_, index) => ({
    name: `photo ${index + 1}.png`,
    mimeType: "image/png",
    buffer: index === BROKEN ? image.subarray(0, 60) : image,
  }));
  await page.goto(server);
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (await choosing).setFiles(photos);
  await expect(dialog.getByText("12 images")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Start" })).toBeDisabled();

  // The mask differs from the photos in size.
  const masking = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose mask" }).click();
  await (
    await masking
  ).setFiles({
    name: "mask.png",
    mimeType: "image/png",
    buffer: maskPng(60, 40, { x: 25, y: 15, width: 8, height: 8 }),
  });
  await dialog.getByRole("button", { name: "Start" }).click();

  await expect(dialog.getByRole("status")).toHaveText("11 of 12 done, 1 failed", { timeout: BATCH_MS });
  await expect(dialog.getByRole("listitem").filter({ hasText: "photo 5.png" })).toContainText("PNG");
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download ZIP" }).click();
  const files = unzipSync(await readFile(await (await downloading).path()));
  expect(Object.keys(files)).toEqual(photos.flatMap(({ name }, index) => (index === BROKEN ? [] : [name])));
  for (const file of Object.values(files)) {
    expect(Buffer.from(file.subarray(0, 4)).toString("hex")).toBe("89504e47");
    expect(Buffer.compare(file, image)).not.toBe(0);
  }

  await dialog.getByRole("button", { name: "Retry 1" }).click();
  await expect(dialog.getByRole("status")).toHaveText("11 of 12 done, 1 failed");
});

test("batch uses the painted mask and continues in the background", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.manualMode();
  await page.keyboard.press("r");
  await editor.drag(await editor.fromCentre(-30, -30), await editor.fromCentre(30, 30));
  await expect(editor.history).toHaveCount(2);

  const image = maskPng(120, 120, { x: 0, y: 0, width: 60, height: 120 });
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  await dialog.getByRole("button", { name: "Use painted mask" }).click();
  await expect(dialog.getByText("cocktail_mask.png")).toBeVisible();
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (await choosing).setFiles([{ name: "one.png", mimeType: "image/png", buffer: image }]);
  await dialog.getByRole("button", { name: "Start" }).click();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+B");
  await expect(dialog.getByRole("status")).toHaveText("1 of 1 done", { timeout: BATCH_MS });

  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download ZIP" }).click();
  const [file] = Object.values(unzipSync(await readFile(await (await downloading).path())));
  expect(file && Buffer.compare(file, image)).not.toBe(0);
});
