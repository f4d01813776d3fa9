import { readFile } from "node:fs/promises";
import { devices, expect, type Page } from "@playwright/test";
import { unzipSync } from "fflate";
import { BATCH_MS, FILL_MS } from "./deadlines";
import { test } from "./fixtures";
import { startServer } from "./server";
import { EditorPage } from "./page";

/** Routes of plugins. */
const PLUGINS = "**/api/v1/run_plugin_gen_*";

/** Opens the menu and chooses an entry. */
async function choose(editor: EditorPage, entry: string): Promise<void> {
  await editor.button("Select & cut out").click();
  await editor.page.getByRole("menuitem", { name: entry }).click();
}

/** Opens a sample and takes the selection tool. */
async function startSelecting(page: Page, server: string, name?: string): Promise<EditorPage> {
  const editor = new EditorPage(page);
  await editor.openSample(server, name);
  await page.keyboard.press("w");
  await expect(editor.button("Object selection")).toHaveAttribute("aria-pressed", "true");
  return editor;
}

/** Returns a PNG of dark text on a light background. */
async function textImage(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const context = new OffscreenCanvas(640, 320).getContext("2d");
    if (!context) throw new Error("no context");
    context.fillStyle = "#dfe7ea";
    context.fillRect(0, 0, 640, 320);
    context.fillStyle = "#14232b";
    context.font = "bold 64px sans-serif";
    context.fillText("SUMMER SALE", 70, 180);
    return [...new Uint8Array(await (await context.canvas.convertToBlob()).arrayBuffer())];
  });
  return Buffer.from(bytes);
}

test.describe("object selection", () => {
  test("clicks select an object, refine it and are undone one by one", async ({ page, server }) => {
    const editor = await startSelecting(page, server, "Hot-air balloon");
    const { x, y } = await editor.fromCentre(0, -40);
    await page.mouse.click(x, y);
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    const first = await editor.settledMaskArea();
    expect(first).toBeGreaterThan(500);

    await page.mouse.click(x, y + 20, { button: "right" });
    await expect(page.locator(".mark")).toHaveText(["+", "−"]);
    await expect(editor.history).toHaveCount(3, { timeout: FILL_MS });
    expect(await editor.settledMaskArea()).toBeLessThan(first);
    await editor.undo.click();
    await editor.expectMask(first, 0.01);
    await expect(page.locator(".mark")).toHaveCount(0);

    // The selection is a mask like any other.
    await page.keyboard.press("Shift+R");
    await editor.waitForFill();
    await expect.poll(() => editor.maskArea()).toBe(0);
  });

  test("a box and an outline select, Alt removes", async ({ page, server }) => {
    const editor = await startSelecting(page, server, "Astronaut");
    const [from, to] = [await editor.fromCentre(-120, -160), await editor.fromCentre(100, 120)];
    const sent = page.waitForRequest(PLUGINS);
    await editor.drag(from, to);
    expect((await sent).postDataJSON()).toMatchObject({
      name: "InteractiveSeg",
      box: expect.any(Array),
    });
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    const area = await editor.settledMaskArea();
    expect(area).toBeGreaterThan(500);

    const outlined = page.waitForRequest(PLUGINS);
    await page.keyboard.down("Shift");
    await page.keyboard.down("Alt");
    await editor.drag(from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y });
    await page.keyboard.up("Alt");
    await page.keyboard.up("Shift");
    expect((await outlined).postDataJSON()).toMatchObject({ lasso: expect.any(Array) });
    await expect(editor.history).toHaveCount(3, { timeout: FILL_MS });
    expect(await editor.settledMaskArea()).toBeLessThan(area);
  });

  test("Enter selects the main object by keyboard", async ({ page, server }) => {
    const editor = await startSelecting(page, server, "Astronaut");
    await page.keyboard.press("Enter");
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    expect(await editor.settledMaskArea()).toBeGreaterThan(500);
  });

  test("a newer click replaces a running request, Escape cancels it", async ({ page, server }) => {
    const editor = await startSelecting(page, server);
    // The requests are never answered.
    await page.route(PLUGINS, () => undefined);
    const deleted: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "DELETE") deleted.push(request.url());
    });
    const { x, y } = await editor.fromCentre();
    const first = page.waitForRequest(PLUGINS);
    await page.mouse.click(x, y);
    const id = (await first).headers()["x-job-id"] ?? "";
    await expect(page.locator(".mark-spinner")).toHaveCount(1);
    const second = page.waitForRequest(PLUGINS);
    await page.mouse.click(x + 30, y);
    expect((await second).postDataJSON()).toMatchObject({ clicks: [{}, {}] });
    await expect.poll(() => deleted).toEqual([new URL(`api/v1/jobs/${id}`, server).href]);

    await page.keyboard.press("Escape");
    await expect(editor.button("Cancel")).toBeHidden();
    await expect(page.locator(".mark")).toHaveCount(0);
    await expect(editor.history).toHaveCount(1);
    await expect.poll(() => deleted.length).toBe(2);
  });

  test.describe("touch", () => {
    const { viewport, deviceScaleFactor, isMobile, hasTouch, userAgent } = devices["Pixel 7"];
    test.use({ viewport, deviceScaleFactor, isMobile, hasTouch, userAgent });

    test("taps select, and take away with the toggle", async ({ page, server }) => {
      const editor = new EditorPage(page);
      await editor.openSample(server, "Hot-air balloon");
      await editor.button("Object selection").tap();
      await page.touchscreen.tap(206, 330);
      await expect(editor.undo).toBeEnabled({ timeout: FILL_MS });
      await editor.button("Subtract from mask").tap();
      const sent = page.waitForRequest(PLUGINS);
      await page.touchscreen.tap(206, 345);
      const { clicks } = (await sent).postDataJSON() as { clicks: number[][] };
      expect(clicks.map((click) => click[2])).toEqual([1, 0]);
      await expect(editor.button("Cancel")).toBeHidden({ timeout: FILL_MS });
    });
  });
});

test.describe("menu", () => {
  test("the background is removed in one step and saved with transparency", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await editor.openSample(server, "Astronaut");
    const before = await editor.settled();
    await choose(editor, "Remove background");
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    await editor.expectDifferent(before);
    const downloading = page.waitForEvent("download");
    await page.keyboard.press("Control+S");
    const download = await downloading;
    expect(download.suggestedFilename()).toBe("astronaut_cleanup.png");
    // The colour type of the PNG: red, green, blue and alpha.
    expect((await readFile(await download.path()))[25]).toBe(6);
    await editor.undo.click();
    await editor.expectImage(before);
  });

  test("the background and the object are complements", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await editor.openSample(server, "Astronaut");
    await choose(editor, "Select background");
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    const background = await editor.settledMaskArea();
    await page.keyboard.press("i");
    await expect(editor.history).toHaveCount(3);
    const object = await editor.settledMaskArea();
    const { left, top, right, bottom } = await editor.bounds();
    const whole = (right - left) * (bottom - top);
    expect(object).toBeGreaterThan(500);
    expect(Math.abs((background + object) / whole - 1)).toBeLessThan(0.05);
  });

  test("text is selected", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await page.goto(server);
    await editor.openFile({ name: "sale.png", mimeType: "image/png", buffer: await textImage(page) });
    await editor.settled();
    await page.keyboard.press("Shift+T");
    await expect(editor.history).toHaveCount(2, { timeout: FILL_MS });
    expect(await editor.settledMaskArea()).toBeGreaterThan(1000);
  });

  test("upscaling is one step, also back and forth", async ({ page, server }) => {
    const editor = new EditorPage(page);
    await editor.openSample(server);
    await choose(editor, "Upscale 2×");
    await expect(page.getByText("1024 × 1024")).toBeVisible({ timeout: FILL_MS });
    await expect(editor.history).toHaveCount(2);
    const large = await editor.settled();
    await editor.undo.click();
    await expect(page.getByText("512 × 512")).toBeVisible();
    await editor.settled();
    await editor.redo.click();
    await expect(page.getByText("1024 × 1024")).toBeVisible();
    await editor.expectImage(large);
    await editor.stroke();
    await editor.waitForFill();
    await expect(editor.history).toHaveCount(3);
  });

  test("image plugins of the server are entries, one step each, also on a phone", async ({
    page,
    server,
  }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.route("**/api/v1/server-config", async (route) => {
      const response = await route.fetch();
      const config = (await response.json()) as { plugins: object[] };
      const added = ["AnimeSeg", "GFPGAN", "RestoreFormer"].map((name) => ({
        name,
        support_gen_image: true,
        support_gen_mask: false,
      }));
      await route.fulfill({ response, json: { ...config, plugins: [...config.plugins, ...added] } });
    });
    const names: string[] = [];
    await page.route(PLUGINS, async (route) => {
      const { name, image } = route.request().postDataJSON() as { name: string; image: string };
      names.push(name);
      await route.fulfill({
        contentType: "image/png",
        body: Buffer.from(image.split(",")[1] ?? "", "base64"),
      });
    });
    const editor = new EditorPage(page);
    await editor.openSample(server);
    const entries = ["Cut out anime character", "Restore faces", "Restore faces (RestoreFormer)"];
    for (const [index, entry] of entries.entries()) {
      await editor.button("Select & cut out").click();
      const item = page.getByRole("menuitem", { name: entry, exact: true });
      await expect(item).toBeInViewport({ ratio: 1 });
      await item.click();
      await expect(editor.undo).toBeEnabled({ timeout: FILL_MS });
      await expect.poll(() => names.length).toBe(index + 1);
      await expect(editor.button("Cancel")).toBeHidden();
    }
    expect(names).toEqual(["AnimeSeg", "GFPGAN", "RestoreFormer"]);
    for (const left of [2, 1, 0]) {
      await editor.undo.click();
      await (left > 0 ? expect(editor.undo).toBeEnabled() : expect(editor.undo).toBeDisabled());
    }
  });

  test("errors are shown and end the job", async ({ page, server }) => {
    await page.route(PLUGINS, (route) =>
      route.fulfill({ status: 404, json: { error: "NotFound", detail: "The plugin's model is missing." } }),
    );
    const editor = new EditorPage(page);
    await editor.openSample(server);
    await choose(editor, "Upscale 4×");
    await expect(page.getByText("The plugin's model is missing.").first()).toBeVisible();
    await expect(editor.button("Cancel")).toBeHidden();
    await expect(editor.history).toHaveCount(1);
  });
});

test("models of plugins are in the settings", async ({ page, server }) => {
  await page.goto(server);
  await page.keyboard.press("s");
  await page.getByRole("tab", { name: "Plugins" }).click();
  await expect(page.getByRole("combobox", { name: "RemoveBG model" })).toHaveValue("u2netp");
});

test("a server without plugins offers none", async ({ page }) => {
  const { url, stop } = await startServer(["--no-plugins"]);
  try {
    const editor = new EditorPage(page);
    await editor.openSample(url);
    await expect(page.getByRole("status", { name: "Model" })).toHaveText("lama-mini");
    await expect(editor.button("Select & cut out")).toBeHidden();
    await expect(editor.button("Object selection")).toBeHidden();
    await page.keyboard.press("s");
    await expect(page.getByRole("tab", { name: "Saving" })).toBeVisible();
    await expect(page.getByRole("tab", { name: "Plugins" })).toBeHidden();
  } finally {
    await stop();
  }
});

test("batch erases the text of each image and keeps others unchanged", async ({ page, server }) => {
  await page.goto(server);
  const poster = await textImage(page);
  const plain = Buffer.from(
    await page.evaluate(async () => {
      const context = new OffscreenCanvas(320, 200).getContext("2d");
      if (!context) throw new Error("no context");
      context.fillStyle = "#77aa55";
      context.fillRect(0, 0, 320, 200);
      return [...new Uint8Array(await (await context.canvas.convertToBlob()).arrayBuffer())];
    }),
  );
  await page.keyboard.press("Shift+B");
  const dialog = page.getByRole("dialog", { name: "Batch" });
  await dialog.getByRole("combobox", { name: "Mask" }).selectOption("text");
  const choosing = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Add images" }).click();
  await (
    await choosing
  ).setFiles([
    { name: "poster.png", mimeType: "image/png", buffer: poster },
    { name: "plain.png", mimeType: "image/png", buffer: plain },
  ]);
  await dialog.getByRole("button", { name: "Start" }).click();
  await expect(dialog.getByRole("status")).toHaveText("2 of 2 done", { timeout: BATCH_MS });
  await expect(dialog.getByRole("listitem").filter({ hasText: "plain.png" })).toContainText("kept unchanged");
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: "Download ZIP" }).click();
  const files = unzipSync(await readFile(await (await downloading).path()));
  expect(Buffer.compare(files["plain.png"] ?? Buffer.alloc(0), plain)).toBe(0);
  expect(Buffer.compare(files["poster.png"] ?? Buffer.alloc(0), poster)).not.toBe(0);
});
