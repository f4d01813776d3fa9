import { copyFile, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, type Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { BATCH_MS } from "./deadlines";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";
import { startServer } from "./server";
import { orientedFile, type Drawing, type Kind } from "./orientedFiles";

const CASES = "../tests/fixtures/cases";
const TIFFS = "../server/imaging/tests/data";
const KINDS: readonly Kind[] = ["jpeg", "png", "png-behind", "webp", "tiff"];
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8] as const;

type Colour = readonly [number, number, number];
const RED: Colour = [220, 30, 30];
const GREEN: Colour = [30, 200, 30];
const BLUE: Colour = [30, 30, 220];
const YELLOW: Colour = [230, 220, 30];
/** Quadrants in red, green, blue and yellow, row by row from the upper left. */
const quadrants: Drawing = {
  width: 96,
  height: 64,
  colour: (x, y) => (y < 32 ? (x < 48 ? RED : GREEN) : x < 48 ? BLUE : YELLOW),
};

/** Returns the displayed RGB colours at the centres of the open image's quadrants. */
async function quadrantColours(page: Page): Promise<number[][]> {
  const { left, top, right, bottom } = await new EditorPage(page).bounds();
  const interpolate = (fraction: number, from: number, to: number) =>
    Math.round(from + (to - from) * fraction);
  const points = [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => [interpolate(x, left, right), interpolate(y, top, bottom)] as const),
  );
  return page.locator("canvas.image").evaluate((canvas, points) => {
    const context = (canvas as HTMLCanvasElement).getContext("2d");
    if (!context) throw new Error("no context");
    return points.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3));
  }, points);
}

/** Decodes a file on the server. */
async function decodeOnServer(
  page: Page,
  bytes: Uint8Array,
): Promise<{ width: number; height: number; rgba: number[] }> {
  return page.evaluate(
    async (bytes) => {
      const form = new FormData();
      form.append("image", new Blob([Uint8Array.from(bytes)]), "image");
      const response = await fetch("api/v1/decode", { method: "POST", body: form });
      if (!response.ok) throw new Error(await response.text());
      const bitmap = await createImageBitmap(await response.blob(), { colorSpaceConversion: "none" });
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      if (!context) throw new Error("no context");
      context.drawImage(bitmap, 0, 0);
      const { width, height } = bitmap;
      return { width, height, rgba: [...context.getImageData(0, 0, width, height).data] };
    },
    [...bytes],
  );
}

/** Expects colours to agree within 12 levels per channel. */
function expectColours(
  actual: readonly number[][],
  expected: readonly (readonly number[])[],
  message: string,
): void {
  actual.forEach((colour, index) => {
    colour.forEach((value, channel) => {
      expect(
        Math.abs(value - (expected[index]?.[channel] ?? 0)),
        `${message}: ${actual.join(" | ")}`,
      ).toBeLessThan(12);
    });
  });
}

async function openAndExpect(
  page: Page,
  file: Parameters<EditorPage["openFile"]>[0],
  name: string,
  size: string,
) {
  const editor = new EditorPage(page);
  await editor.openFile(file);
  await expect(page.locator("header").getByText(name)).toBeVisible();
  await expect(page.getByText(size, { exact: true })).toBeVisible();
  await editor.settled();
}

for (const kind of KINDS) {
  test(`${kind} orientations 1 to 8 are applied`, async ({ page, server }) => {
    await page.goto(server);
    for (const orientation of ORIENTATIONS) {
      const file = await orientedFile(page, kind, orientation, quadrants);
      await openAndExpect(page, file, file.name, "96 × 64");
      expectColours(await quadrantColours(page), [RED, GREEN, BLUE, YELLOW], file.name);
    }
  });
}

for (const [name, size] of [
  ["page-webp-exif6.webp", "75 × 97"],
  ["page-tiff-orientation6.tif", "75 × 97"],
  ["orientation-long-be.jpg", "75 × 97"],
  ["exif-directory-cut.jpg", "75 × 97"],
  ["two-exif.jpg", "75 × 97"],
  ["page-files-phone6.jpg", "300 × 400"],
] as const) {
  test(`${name} matches the server's decoder`, async ({ page, server }) => {
    await page.goto(server);
    await openAndExpect(page, join(CASES, name), name, size);
    const { width, height, rgba } = await decodeOnServer(page, await readFile(join(CASES, name)));
    expect(`${width} × ${height}`).toBe(size);
    const { left, top, right, bottom } = await new EditorPage(page).bounds();
    const scale = (right - left + 1) / width;
    expect((bottom - top + 1) / height).toBeCloseTo(scale, 1);
    const shown = await page.locator("canvas.image").evaluate(
      (canvas, { left, top, scale, width, height }) => {
        const context = (canvas as HTMLCanvasElement).getContext("2d");
        if (!context) throw new Error("no context");
        const rgba: number[] = [];
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            const [u, v] = [left + (x + 0.5) * scale, top + (y + 0.5) * scale];
            rgba.push(...context.getImageData(u, v, 1, 1).data);
          }
        return rgba;
      },
      { left, top, scale, width, height },
    );
    const difference = shown.reduce((sum, value, index) => sum + Math.abs(value - (rgba[index] ?? 0)), 0);
    expect(difference / shown.length).toBeLessThan(8);
  });
}

for (const name of ["cmyk.tiff", "fax.tiff", "jpeg.tiff", "pages.tiff", "rgb-lzw.tiff", "ycbcr.tiff"]) {
  test(`${name} opens through the server`, async ({ page, server }) => {
    await page.goto(server);
    await openAndExpect(page, join(TIFFS, name), name, "13 × 9");
  });
}

for (const [name, size] of [
  ["tiff-cmyk-spot.tif", "97 × 75"],
  ["tiff-colormap-8bit.tif", "97 × 75"],
  ["tiff-extra-channel.tif", "97 × 75"],
  ["tiff-fillorder2-rgb-lzw.tif", "97 × 75"],
  ["tiff-planar-tiled.tif", "97 × 75"],
] as const) {
  test(`${name} opens through the server`, async ({ page, server }) => {
    await page.goto(server);
    await openAndExpect(page, join(CASES, name), name, size);
  });
}

test("common files open without the server", async ({ page, server }) => {
  const decodeRequests: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/decode")) decodeRequests.push(request.url());
  });
  await page.goto(server);
  await openAndExpect(page, join(CASES, "page-files-phone6.jpg"), "page-files-phone6.jpg", "300 × 400");
  await openAndExpect(page, join(CASES, "mask-97x75.png"), "mask-97x75.png", "97 × 75");
  expect(decodeRequests).toEqual([]);
  await openAndExpect(page, join(CASES, "page-webp-exif6.webp"), "page-webp-exif6.webp", "75 × 97");
  expect(decodeRequests).toHaveLength(1);
});

test("decode errors show the server's reason", async ({ page, server }) => {
  await page.goto(server);
  const buffer = (await readFile(join(TIFFS, "rgb.tiff"))).subarray(0, 40);
  await new EditorPage(page).openFile({ name: "cut.tif", mimeType: "image/tiff", buffer });
  await expect(page.getByText(/Can't open “cut\.tif”\. .*TIFF/).first()).toBeVisible();
});

test("changed photos are saved with a tag that browsers apply", async ({ page, server }) => {
  await page.goto(server);
  for (const name of ["page-files-phone6.jpg", "orientation-long-be.jpg"]) {
    const bytes = await readFile(join(CASES, name));
    const { width, height } = await decodeOnServer(page, bytes);
    await openAndExpect(page, join(CASES, name), name, `${width} × ${height}`);
    const editor = new EditorPage(page);
    await editor.settled();
    await editor.stroke();
    await editor.waitForFill();
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("Control+S");
    const saved = await readFile(await (await downloading).path());
    expect(saved.includes("Exif\0\0")).toBe(true);
    const decoded = await decodeOnServer(page, saved);
    expect([decoded.width, decoded.height]).toEqual([width, height]);
    const browserSize = await page.evaluate(
      async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
        return [bitmap.width, bitmap.height];
      },
      [...saved],
    );
    expect(browserSize).toEqual([width, height]);
  }
});

/** Two equal white rectangles on grey, in the upper left and the lower right. */
const objects: Drawing = {
  width: 60,
  height: 40,
  colour: (x, y) => {
    const inside = (left: number, top: number) => x >= left && x < left + 10 && y >= top && y < top + 8;
    return inside(6, 5) || inside(44, 27) ? [255, 255, 255] : [90, 90, 90];
  },
};
/** Returns the mean red sample of the 10x8 rectangle at a position. */
function meanRed({ width, rgba }: { width: number; rgba: number[] }, left: number, top: number): number {
  let sum = 0;
  for (let y = top; y < top + 8; y++)
    for (let x = left; x < left + 10; x++) sum += rgba[(y * width + x) * 4] ?? 0;
  return sum / 80;
}

test("batch masks apply to upright photos", async ({ page, server }) => {
  await page.goto(server);
  const photos = [];
  for (const kind of KINDS)
    for (const orientation of [3, 6, 8] as const)
      photos.push(await orientedFile(page, kind, orientation, objects));
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (await choosing).setFiles(photos);
  const masking = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose mask" }).click();
  // The mask has twice the upright size.
  const buffer = maskPng(120, 80, { x: 8, y: 6, width: 28, height: 24 });
  await (await masking).setFiles({ name: "mask.png", mimeType: "image/png", buffer });
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(dialog.getByRole("status")).toHaveText("15 of 15 done", { timeout: BATCH_MS });
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download ZIP" }).click();
  const files = Object.entries(unzipSync(await readFile(await (await downloading).path())));
  expect(files).toHaveLength(15);
  for (const [name, bytes] of files) {
    const result = await decodeOnServer(page, bytes);
    expect([result.width, result.height], name).toEqual([60, 40]);
    expect(meanRed(result, 6, 5), `${name}: the masked object`).toBeLessThan(150);
    expect(meanRed(result, 44, 27), `${name}: the other object`).toBeGreaterThan(240);
  }
});

test("batch masks fit stored or upright size", async ({ page, server }) => {
  await page.goto(server);
  const photos = await Promise.all(
    (["webp", "tiff"] as const).map((kind) => orientedFile(page, kind, 6, objects)),
  );
  // Orientation 6 maps the stored pixel (x, y) to (59 - y, x).
  const masks = [
    { name: "webp-6.png", buffer: maskPng(40, 60, { x: 3, y: 42, width: 12, height: 14 }) },
    { name: "tiff-6.png", buffer: maskPng(60, 40, { x: 4, y: 3, width: 14, height: 12 }) },
  ];
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (await choosing).setFiles(photos);
  await dialog.getByLabel("Mask", { exact: true }).selectOption("each");
  const masking = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose masks" }).click();
  await (await masking).setFiles(masks.map((mask) => ({ ...mask, mimeType: "image/png" })));
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(dialog.getByRole("status")).toHaveText("2 of 2 done", { timeout: BATCH_MS });
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download ZIP" }).click();
  for (const [name, bytes] of Object.entries(unzipSync(await readFile(await (await downloading).path())))) {
    const result = await decodeOnServer(page, bytes);
    expect(meanRed(result, 6, 5), `${name}: the masked object`).toBeLessThan(150);
    expect(meanRed(result, 44, 27), `${name}: the other object`).toBeGreaterThan(240);
  }
});

test("thumbnails keep the aspect ratio", async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "iopaint-oriented-"));
  const input = join(folder, "in");
  await mkdir(input);
  for (const path of [`${CASES}/page-files-phone6.jpg`, "public/samples/air-balloon.jpg"])
    await copyFile(path, join(input, basename(path)));
  const server = await startServer(["--input", input, "--output-dir", join(folder, "out")]);
  try {
    await page.goto(server.url);
    await expect(page.getByRole("button", { name: "Files" })).toBeVisible();
    await page.keyboard.press("f");
    const thumbnails = page.getByRole("dialog", { name: "Files" }).locator("img");
    await expect(thumbnails).toHaveCount(2);
    for (const thumbnail of await thumbnails.all()) {
      await expect
        .poll(() => thumbnail.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
        .toBeGreaterThan(0);
      const { displayed, natural } = await thumbnail.evaluate((image: HTMLImageElement) => ({
        displayed: image.clientWidth / image.clientHeight,
        natural: image.naturalWidth / image.naturalHeight,
      }));
      expect(Math.abs(displayed / natural - 1)).toBeLessThan(0.02);
    }
    const portrait = page.getByRole("button", { name: "Open page-files-phone6.jpg" });
    const { width = 0, height = 0 } = (await portrait.boundingBox()) ?? {};
    expect(width / height).toBeCloseTo(0.75, 1);
    await portrait.click();
    await expect(page.getByText("300 × 400", { exact: true })).toBeVisible();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});
