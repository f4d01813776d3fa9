import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { maskPng } from "../maskPng";
import { startServer, type RunningServer } from "../server";
import { launchFirefox, type Firefox } from "./browser";
import { FirefoxEditor, type DecodedFile } from "./editor";

const SAMPLES = "public/samples";
/** A sample of 512x512 pixels. */
const COCKTAIL = `${SAMPLES}/cocktail.jpg`;
const SIDE = 512;
/** Relative tolerance for mask areas; antialiasing differs between the preview and the mask. */
const TOLERANCE = 0.03;

let firefox: Firefox;
let server: RunningServer;
let editor: FirefoxEditor;

beforeAll(async () => {
  server = await startServer();
  firefox = await launchFirefox();
});

afterAll(async () => {
  await firefox.close();
  await server.stop();
});

beforeEach(async () => {
  editor = new FirefoxEditor(await firefox.open());
});

afterEach(async () => {
  await editor.page.browserContext().close();
});

/** Returns the mean absolute difference of two images in a rectangle, in levels of 0 to 255. */
function meanDifference(
  a: DecodedFile,
  b: DecodedFile,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): number {
  let sum = 0;
  for (let row = y; row < y + height; row++)
    for (let at = (row * a.width + x) * 4; at < (row * a.width + x + width) * 4; at++)
      sum += Math.abs((a.rgba[at] ?? 0) - (b.rgba[at] ?? 0));
  return sum / (width * height * 4);
}

test("open, paint, fill, undo and save", async () => {
  await editor.page.goto(server.url);
  await editor.openFile(COCKTAIL, "cocktail.jpg");
  const before = await editor.settled();
  const bounds = await editor.bounds();
  const middle = await editor.fromCentre();
  await editor.drag({ x: middle.x - 40, y: middle.y }, { x: middle.x + 40, y: middle.y });
  await editor.waitForFill();
  const after = await editor.expectDifferent(before);
  // Half the brush size of 40 pixels, 4 pixels of growth, and 2 of interpolation at the edges.
  const margin = 26;
  const changed = await editor.changed(before);
  expect(changed?.left).toBeGreaterThanOrEqual(middle.x - 40 - margin);
  expect(changed?.right).toBeLessThanOrEqual(middle.x + 40 + margin);
  expect(changed?.top).toBeGreaterThanOrEqual(middle.y - margin);
  expect(changed?.bottom).toBeLessThanOrEqual(middle.y + margin);

  await editor.click("Undo");
  await editor.expectImage(before);
  await editor.press("Control", "Shift", "z");
  await editor.expectImage(after);

  await editor.press("Control", "s");
  const saved = await editor.decode(await firefox.downloaded("cocktail_cleanup.jpg"));
  const original = await editor.decode(await readFile(COCKTAIL));
  expect([saved.width, saved.height]).toEqual([SIDE, SIDE]);
  const scale = SIDE / (bounds.right - bounds.left + 1);
  const half = Math.floor(10 * scale);
  const hole = { x: SIDE / 2 - 4 * half, y: SIDE / 2 - half, width: 8 * half, height: 2 * half };
  expect(meanDifference(original, saved, hole)).toBeGreaterThan(5);
  // Only blocks that the mask touches are encoded again.
  expect(meanDifference(original, saved, { x: 0, y: 0, width: SIDE, height: SIDE / 4 })).toBe(0);

  expect(editor.errors).toEqual([]);
  expect(editor.requested.filter((url) => !url.startsWith(server.url) && !url.startsWith("blob:"))).toEqual(
    [],
  );
});

test("shapes mask their area and Run fills it", async () => {
  await editor.page.goto(server.url);
  await editor.click("Cocktail by the sea");
  await editor.opened("cocktail.jpg");
  await editor.click("Manual mode");
  const before = await editor.settled();
  const [a, b] = [await editor.fromCentre(-100, -80), await editor.fromCentre(100, 80)];
  const clear = async () => {
    await editor.press("Delete");
    await editor.expectMask(0, TOLERANCE);
  };

  await editor.press("r");
  await editor.drag(a, b);
  await editor.expectMask(200 * 160, TOLERANCE);
  await clear();

  await editor.press("o");
  await editor.drag(a, b);
  await editor.expectMask(Math.PI * 100 * 80, TOLERANCE);
  await clear();

  await editor.press("l");
  await editor.drag(a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y });
  await editor.expectMask(200 * 160, TOLERANCE);
  await clear();

  await editor.press("p");
  for (const { x, y } of [a, { x: b.x, y: a.y }, b]) await editor.page.mouse.click(x, y);
  await editor.press("Enter");
  await editor.expectMask((200 * 160) / 2, TOLERANCE);
  await clear();

  await editor.press("n");
  await editor.drag({ x: a.x, y: a.y }, { x: b.x, y: a.y });
  await editor.expectMask(200 * 40 + Math.PI * 400, TOLERANCE);
  await editor.expectImage(before);

  await editor.click("Run");
  await editor.waitForFill();
  await editor.expectMask(0, TOLERANCE);
  await editor.expectDifferent(before);
  expect(editor.errors).toEqual([]);
});

test("the divider shows the original on its left", async () => {
  await editor.page.goto(server.url);
  await editor.click("Cocktail by the sea");
  await editor.opened("cocktail.jpg");
  const original = await editor.settled();
  const { left, right } = await editor.bounds();
  await editor.drag(await editor.fromCentre(-60), await editor.fromCentre(60));
  await editor.waitForFill();
  const result = await editor.expectDifferent(original);
  await editor.press("d");
  const half = await editor.expectDifferent(result);
  const middle = (left + right) / 2;
  expect((await editor.difference(half, original))?.left).toBeGreaterThanOrEqual(middle - 1);
  expect((await editor.difference(half, result))?.right).toBeLessThanOrEqual(middle + 1);

  const { x, y } = await editor.fromCentre();
  await editor.drag({ x, y }, { x: right + 20, y });
  await editor.expectImage(original);
  await editor.drag({ x: right, y }, { x: left - 20, y });
  await editor.expectImage(result);
  expect(editor.errors).toEqual([]);
});

test("server folders can be browsed and saved to", async () => {
  const folder = await mkdtemp(join(tmpdir(), "iopaint-files-"));
  const [input, output] = [join(folder, "in"), join(folder, "out")];
  await mkdir(input);
  await copyFile(COCKTAIL, join(input, "beach 10.jpg"));
  await copyFile(`${SAMPLES}/astronaut.jpg`, join(input, "beach 9.jpg"));
  await copyFile(`${SAMPLES}/air-balloon.jpg`, join(input, "sky.jpg"));
  const folders = await startServer(["--input", input, "--output-dir", output]);
  try {
    await editor.page.goto(folders.url);
    await editor.click("Files");
    const thumbnails = () =>
      editor.page.$$eval("[role=dialog] img", (images) =>
        images.map(({ naturalWidth, clientWidth }) => naturalWidth > 0 && clientWidth > 50),
      );
    await expect.poll(thumbnails).toEqual([true, true, true]);
    await editor.page.type("[role=dialog] input[type=search]", "beach");
    await expect.poll(thumbnails).toEqual([true, true]);
    await editor.click("Open beach 9.jpg");
    await editor.opened("beach 9.jpg");
    await editor.press("ArrowRight");
    await editor.opened("beach 10.jpg");
    const before = await editor.settled();
    await editor.drag(await editor.fromCentre(-40), await editor.fromCentre(40));
    await editor.waitForFill();
    await editor.expectDifferent(before);

    await editor.press("Control", "s");
    await expect.poll(() => readdir(output)).toEqual(["beach 10_cleanup.jpg"]);
    const saved = await editor.decode(await readFile(join(output, "beach 10_cleanup.jpg")));
    expect([saved.width, saved.height]).toEqual([SIDE, SIDE]);
    await editor.press("f");
    await editor.click("Output", "tab");
    await editor.element("Open beach 10_cleanup.jpg", "button");
    expect(editor.errors).toEqual([]);
  } finally {
    await folders.stop();
    await rm(folder, { recursive: true });
  }
});

test("masks can be loaded and saved", async () => {
  await editor.page.goto(server.url);
  await editor.click("Cocktail by the sea");
  await editor.opened("cocktail.jpg");
  await editor.click("Manual mode");
  const { left, right } = await editor.bounds();
  const white = { x: 100, y: 100, width: 120, height: 80 };
  const folder = await mkdtemp(join(tmpdir(), "iopaint-mask-"));
  try {
    await writeFile(join(folder, "mask.png"), maskPng(SIDE, SIDE, white));
    await editor.choose("mask", join(folder, "mask.png"));
    await editor.expectMask(white.width * white.height * ((right - left + 1) / SIDE) ** 2, TOLERANCE);
  } finally {
    await rm(folder, { recursive: true });
  }
  await editor.click("Save mask");
  const saved = await editor.decode(await firefox.downloaded("cocktail_mask.png"));
  expect([saved.width, saved.height]).toEqual([SIDE, SIDE]);
  const area = saved.rgba.reduce((sum, value, at) => sum + (at % 4 === 0 && value === 255 ? 1 : 0), 0);
  expect(area).toBe(white.width * white.height);
  expect(editor.errors).toEqual([]);
});

test("form controls work with mouse and keyboard", async () => {
  await editor.page.goto(server.url);
  await editor.click("Cocktail by the sea");
  await editor.opened("cocktail.jpg");
  const brush = "input[type=range][aria-label='Brush size']";
  const value = () => editor.page.$eval(brush, ({ valueAsNumber }) => valueAsNumber);
  expect(await value()).toBe(40);
  const slider = await editor.page.waitForSelector(brush);
  const box = await slider?.boundingBox();
  if (!box) throw new Error("no slider");
  const y = box.y + box.height / 2;
  await editor.drag({ x: box.x + box.width / 4, y }, { x: box.x + box.width + 20, y });
  await expect.poll(value).toBe(200);
  await slider?.focus();
  await editor.press("Home");
  await expect.poll(value).toBe(1);

  await (await editor.element("Strategy for large images", "combobox")).select("Crop");
  const margin = await editor.element("Margin", "spinbutton");
  await margin.click({ count: 3 });
  await editor.page.keyboard.type("200");
  await editor.page.reload();
  await editor.click("Cocktail by the sea");
  const reloaded = await editor.element("Margin", "spinbutton");
  expect(await reloaded.evaluate((input) => (input as HTMLInputElement).valueAsNumber)).toBe(200);
  expect(editor.errors).toEqual([]);
});
