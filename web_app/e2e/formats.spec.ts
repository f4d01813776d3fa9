import { readFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { tiff } from "./tiff";

/** Returns the displayed RGBA colour at the image's centre. */
async function centreColour(page: Page): Promise<number[]> {
  const { x, y } = await new EditorPage(page).fromCentre();
  return page.locator("canvas.image").evaluate(
    (canvas, [x, y]) => {
      const context = (canvas as HTMLCanvasElement).getContext("2d");
      if (!context) throw new Error("no context");
      return [...context.getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data];
    },
    [x, y] as const,
  );
}

test("TIFF opens, fills and saves as PNG", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  const [width, height] = [120, 80];
  const samples = Array.from({ length: width * height }, () => [200 * 257, 90 * 257, 30 * 257]).flat();
  const buffer = tiff({ width, height, bits: 16, samples });
  await editor.openFile({ name: "scan.tif", mimeType: "image/tiff", buffer });
  await expect(page.getByText("120 × 80")).toBeVisible();
  await editor.settled();
  expect(await centreColour(page)).toEqual([200, 90, 30, 255]);
  await editor.stroke();
  await editor.waitForFill();
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Control+S");
  expect((await downloading).suggestedFilename()).toBe("scan_cleanup.png");
});

test("wide-gamut colours and profile are kept", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await page.goto(server);
  const SAMPLE = [200, 60, 40];
  const { bytes, expected } = await page.evaluate(async ([red, green, blue]) => {
    const context = new OffscreenCanvas(64, 64).getContext("2d", { colorSpace: "display-p3" });
    if (!context) throw new Error("no context");
    const data = new ImageData(64, 64, { colorSpace: "display-p3" });
    for (let offset = 0; offset < data.data.length; offset += 4)
      data.data.set([red ?? 0, green ?? 0, blue ?? 0, 255], offset);
    context.putImageData(data, 0, 0);
    const blob = await context.canvas.convertToBlob({ type: "image/png" });
    // The browser's own colour conversion is the reference.
    const screen = new OffscreenCanvas(1, 1).getContext("2d");
    if (!screen) throw new Error("no context");
    screen.drawImage(await createImageBitmap(blob), 0, 0);
    return {
      bytes: [...new Uint8Array(await blob.arrayBuffer())],
      expected: [...screen.getImageData(0, 0, 1, 1).data],
    };
  }, SAMPLE);
  const buffer = Buffer.from(bytes);
  expect(buffer.includes("iCCP")).toBe(true);
  expect(expected.slice(0, 3)).not.toEqual(SAMPLE);

  await editor.openFile({ name: "phone.png", mimeType: "image/png", buffer });
  await expect(page.getByText("64 × 64")).toBeVisible();
  await editor.settled();
  const shown = await centreColour(page);
  expected.forEach((value, channel) => {
    expect(Math.abs((shown[channel] ?? 0) - value), `channel ${channel}`).toBeLessThanOrEqual(2);
  });

  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Control+S");
  const saved = await readFile(await (await downloading).path());
  expect(saved.includes("iCCP")).toBe(true);
  const samples = await page.evaluate(
    async (bytes) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]), {
        colorSpaceConversion: "none",
      });
      const context = new OffscreenCanvas(1, 1).getContext("2d");
      if (!context) throw new Error("no context");
      context.drawImage(bitmap, 0, 0);
      return [...context.getImageData(0, 0, 1, 1).data];
    },
    [...saved],
  );
  expect(samples).toEqual([...SAMPLE, 255]);
});

test("an unreadable file keeps the open image", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.openFile({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("nothing") });
  await expect(page.getByText("can't open “notes.png”").first()).toBeVisible();
  await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
});
