import { readFile, writeFile } from "node:fs/promises";
import { expect, test, type Page } from "@playwright/test";
import { BATCH_MS, FILL_MS } from "../e2e/deadlines";
import { EditorPage } from "../e2e/page";
import { startServer, type RunningServer } from "../e2e/server";

const FOLDER = "../docs/images";
const PHOTOS = "../tests/fixtures/photos";
/** Side length of an image in a strip and the gap between two, in pixels. */
const SIDE = 512;
const GAP = 8;

/** Outline of the glass with its straw and shadow, in sample pixels. */
const GLASS: readonly (readonly [number, number])[] = [
  [302, 60],
  [282, 180],
  [312, 184],
  [308, 230],
  [316, 300],
  [306, 345],
  [276, 372],
  [272, 415],
  [312, 432],
  [310, 458],
  [196, 462],
  [130, 456],
  [34, 446],
  [34, 420],
  [120, 416],
  [200, 422],
  [232, 412],
  [228, 372],
  [198, 345],
  [186, 300],
  [198, 230],
  [196, 184],
  [254, 182],
];

let server: RunningServer;

test.use({
  viewport: { width: 1440, height: 900 },
  colorScheme: "light",
  contextOptions: { reducedMotion: "reduce" },
});

test.beforeAll(async () => {
  // The default model without a downloaded LaMa.
  server = await startServer([], "lama-patches");
});

test.afterAll(async () => {
  await server.stop();
});

/** Takes a screenshot of the image area, including the mask. */
async function imageScreenshot(editor: EditorPage): Promise<number[]> {
  const { left, top, right, bottom } = await editor.bounds();
  const clip = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
  return [...(await editor.page.screenshot({ clip }))];
}

/** Joins images side by side and encodes them as JPEG. */
async function strip(page: Page, images: readonly number[][]): Promise<Buffer> {
  const bytes = await page.evaluate(
    async ([images, side, gap]) => {
      const context = new OffscreenCanvas(images.length * (side + gap) - gap, side).getContext("2d");
      if (!context) throw new Error("no context");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, context.canvas.width, side);
      context.imageSmoothingQuality = "high";
      for (const [index, bytes] of images.entries()) {
        const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
        context.drawImage(bitmap, index * (side + gap), 0, side, side);
      }
      const blob = await context.canvas.convertToBlob({ type: "image/jpeg", quality: 0.88 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    },
    [images, SIDE, GAP] as const,
  );
  return Buffer.from(bytes);
}

test("selection by a click", async ({ page }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server.url, "Hot-air balloon");
  const before = await imageScreenshot(editor);
  await page.keyboard.press("w");
  const { x, y } = await editor.fromCentre(0, -40);
  await page.mouse.click(x, y);
  await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
  await editor.settled();
  const selected = await imageScreenshot(editor);

  await page.keyboard.press("Shift+R");
  await editor.waitForFill();
  await page.mouse.move(5, 5);
  await editor.settled();
  const images = [before, selected, await imageScreenshot(editor)];
  await writeFile(`${FOLDER}/before-mask-after.jpg`, await strip(page, images));
});

test("removal", async ({ page }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server.url);
  await editor.manualMode();
  const { left, top, right } = await editor.bounds();
  const scale = (right - left + 1) / 512;
  const toScreen = ([x, y]: readonly [number, number]) => ({ x: left + x * scale, y: top + y * scale });
  await page.keyboard.press("l");
  await editor.drag(toScreen([280, 56]), ...GLASS.map(toScreen));
  await expect(editor.run).toBeEnabled();
  await page.keyboard.press("b");
  await page.mouse.move(5, 5);
  await editor.settled();
  await page.screenshot({ path: `${FOLDER}/page.png` });

  await editor.run.click();
  await editor.waitForFill();

  // Undo and redo hide the duration, which depends on the machine.
  await editor.undo.click();
  await expect(editor.redo).toBeEnabled();
  await editor.redo.click();
  await expect(editor.redo).toBeDisabled();
  await page.mouse.move(5, 5);
  await expect(page.getByText(/^Done in/)).toBeHidden();
  await page.keyboard.press("d");
  await editor.settled();
  await page.screenshot({ path: `${FOLDER}/compare.png` });
});

test("batch", async ({ page }) => {
  await page.goto(server.url);
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  const names = ["brushes", "bulb", "chameleon", "dog", "gamepad"];
  const choose = async (button: string, ending: string) => {
    const files = names.map(async (name) => ({
      name: `${name}.png`,
      mimeType: "image/png",
      buffer: await readFile(`${PHOTOS}/${name}${ending}`),
    }));
    const choosing = page.waitForEvent("filechooser");
    await dialog.getByRole("button", { name: button }).click();
    await (await choosing).setFiles(await Promise.all(files));
  };
  await dialog.getByRole("combobox", { name: "Mask" }).selectOption("One mask per image");
  await choose("Choose masks", ".mask.png");
  await choose("Add images", ".png");
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(dialog.getByRole("status")).toHaveText(/^[34] of 5 done/, { timeout: BATCH_MS });
  await page.screenshot({ path: `${FOLDER}/batch.png` });
});

test.describe("phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });

  test("mask", async ({ page }) => {
    const editor = new EditorPage(page);
    await editor.openSample(server.url, "Astronaut");
    await page.keyboard.press("m");
    await page.locator("input[data-purpose=mask]").setInputFiles(`${PHOTOS}/astronaut.mask.png`);
    await expect(editor.run).toBeEnabled();
    await editor.settled();
    await page.screenshot({ path: `${FOLDER}/phone.png` });
  });
});
