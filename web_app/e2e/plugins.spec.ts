import { expect, type Page } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";

const SAMPLE = { width: 512, height: 512 };

/** A plugin request of IOPaint's API. */
interface PluginRequest {
  readonly name: string;
  readonly image: string;
  readonly clicks?: readonly (readonly [number, number, number])[];
  readonly scale?: number;
}

/** Mocks a server with plugins. The returned list collects the plugin requests. */
async function mockPlugins(
  page: Page,
  respond: (request: PluginRequest) => Buffer,
): Promise<PluginRequest[]> {
  const requests: PluginRequest[] = [];
  await page.route("**/api/v1/server-config", async (route) => {
    const response = await route.fetch();
    const config = (await response.json()) as object;
    const plugin = (name: string, image: boolean, mask: boolean) => ({
      name,
      support_gen_image: image,
      support_gen_mask: mask,
    });
    const list = [
      plugin("RemoveBG", true, true),
      plugin("RealESRGAN", true, false),
      plugin("InteractiveSeg", false, true),
    ];
    await route.fulfill({ response, json: { ...config, plugins: list } });
  });
  await page.route("**/api/v1/run_plugin_gen_*", async (route) => {
    const request = route.request().postDataJSON() as PluginRequest;
    requests.push(request);
    await route.fulfill({ contentType: "image/png", body: respond(request) });
  });
  return requests;
}

test("plugin controls are hidden without plugins", async ({ page, server }) => {
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await expect(page.getByRole("status", { name: "Model" })).toHaveText("lama-mini");
  await expect(editor.button("Plugins")).toBeHidden();
  await expect(editor.button("Object selection")).toBeHidden();
  await page.keyboard.press("s");
  await expect(page.getByRole("tab", { name: "Saving" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Plugins" })).toBeHidden();
});

test("plugin results are undoable or open as new", async ({ page, server }) => {
  const requests = await mockPlugins(page, ({ scale }) => {
    const factor = scale ?? 1;
    const size = { width: SAMPLE.width * factor, height: SAMPLE.height * factor };
    return maskPng(size.width, size.height, { x: 0, y: 0, width: size.width / 2, height: size.height });
  });
  const editor = new EditorPage(page);
  await editor.openSample(server);
  const before = await editor.settled();

  await editor.button("Plugins").click();
  await page
    .getByRole("group", { name: "RemoveBG" })
    .getByRole("menuitem", { name: "Apply to image" })
    .click();
  await expect(editor.history).toHaveCount(2);
  await editor.expectDifferent(before);
  await editor.undo.click();
  await editor.expectImage(before);

  await editor.button("Plugins").click();
  await page.getByRole("menuitem", { name: "Upscale 2×" }).click();
  await expect(page.getByText("1024 × 1024")).toBeVisible();
  await expect(editor.history).toHaveCount(1);
  expect(requests.map(({ name, scale }) => [name, scale])).toEqual([
    ["RemoveBG", undefined],
    ["RealESRGAN", 2],
  ]);
  const sent = Buffer.from(requests[0]?.image.replace(/^data:image\/png;base64,/, "") ?? "", "base64");
  expect(sent.readUInt32BE(16)).toBe(SAMPLE.width);
});

test("clicks select and refine objects", async ({ page, server }) => {
  // Each object is a square at its first click that shrinks with every further click.
  const requests = await mockPlugins(page, ({ clicks = [] }) => {
    const [x = 0, y = 0] = clicks[0] ?? [];
    const side = 100 - 40 * (clicks.length - 1);
    return maskPng(SAMPLE.width, SAMPLE.height, { x, y, width: side, height: side });
  });
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await page.keyboard.press("w");
  await expect(editor.button("Object selection")).toHaveAttribute("aria-pressed", "true");
  const [one, other] = [await editor.fromCentre(-150, -150), await editor.fromCentre(60, 60)];

  await page.mouse.click(one.x, one.y);
  await expect(editor.history).toHaveCount(2);
  const square = await editor.settledMaskArea();
  await page.mouse.click(one.x + 20, one.y + 20, { button: "right" });
  await editor.expectMask(square * 0.36, 0.05);
  // The second click refines the selection within the same step.
  await expect(editor.history).toHaveCount(2);

  await page.keyboard.down("Shift");
  await page.mouse.click(other.x, other.y);
  await page.keyboard.up("Shift");
  await editor.expectMask(square * 1.36, 0.05);
  await expect(editor.history).toHaveCount(3);
  await editor.undo.click();
  await editor.expectMask(square * 0.36, 0.05);

  expect(requests.map(({ name, clicks = [] }) => [name, ...clicks.map((click) => click[2])])).toEqual([
    ["InteractiveSeg", 1],
    ["InteractiveSeg", 1, 0],
    ["InteractiveSeg", 1],
  ]);
});

test("plugin masks are editable, models selectable", async ({ page, server }) => {
  await mockPlugins(page, () =>
    maskPng(SAMPLE.width, SAMPLE.height, { x: 100, y: 100, width: 80, height: 60 }),
  );
  const switched: unknown[] = [];
  await page.route("**/api/v1/switch_plugin_model", async (route) => {
    switched.push(route.request().postDataJSON());
    await route.fulfill({ json: null });
  });
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.button("Plugins").click();
  await page.getByRole("menuitem", { name: "Create mask" }).click();
  await expect.poll(() => editor.maskArea()).toBeGreaterThan(1000);
  await editor.button("Invert mask").click();
  await expect(editor.history).toHaveCount(3);

  await page.keyboard.press("s");
  await page.getByRole("tab", { name: "Plugins" }).click();
  await page.getByRole("combobox", { name: "RemoveBG model" }).selectOption("u2net");
  await expect.poll(() => switched).toEqual([{ plugin_name: "RemoveBG", model_name: "u2net" }]);
});

test("plugin errors are shown", async ({ page, server }) => {
  await mockPlugins(page, () => Buffer.alloc(0));
  await page.route("**/api/v1/run_plugin_gen_image", (route) =>
    route.fulfill({ status: 500, json: { error: "Internal", detail: "The plugin's model is missing." } }),
  );
  const editor = new EditorPage(page);
  await editor.openSample(server);
  await editor.button("Plugins").click();
  await page.getByRole("menuitem", { name: "Upscale 4×" }).click();
  await expect(page.getByText("The plugin's model is missing.").first()).toBeVisible();
  await expect(editor.button("Cancel")).toBeHidden();
});
