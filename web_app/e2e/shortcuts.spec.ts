import { expect, type Locator } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

// IOPaint's shortcuts, except for those that other tests cover.

const size = async (brush: Locator) => Number(await brush.inputValue());

test.beforeEach(async ({ page, server }) => {
  await new EditorPage(page).openSample(server);
});

test("brackets and Alt+wheel resize the brush", async ({ page }) => {
  const editor = new EditorPage(page);
  const brush = page.getByRole("slider", { name: "Brush size" });
  await expect(brush).toHaveValue("40");
  // With the pointer outside the image, the brush cursor is shown at its centre for a moment.
  const widths = await page.locator(".ring").evaluateHandle((ring) => {
    const widths: number[] = [];
    new MutationObserver(() => {
      const { width } = ring.getBoundingClientRect();
      if (width > 0) widths.push(width);
    }).observe(ring, { attributes: true });
    return widths;
  });
  await page.keyboard.press("]");
  await expect.poll(() => size(brush)).toBeGreaterThan(40);
  const larger = await size(brush);
  await expect.poll(async () => (await widths.jsonValue()).map(Math.round)).toContain(larger);
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect.poll(() => size(brush)).toBeLessThan(40);

  const { x, y } = await editor.fromCentre();
  await page.mouse.move(x, y);
  const zoom = await editor.zoom();
  await page.keyboard.down("Alt");
  await page.mouse.wheel(0, -5000);
  await expect(brush).toHaveValue("200");
  await page.mouse.wheel(0, 9000);
  await expect(brush).toHaveValue("1");
  await page.keyboard.up("Alt");
  expect(await editor.zoom()).toBe(zoom);
});

test("wheel zooms, Space pans, Escape fits", async ({ page }) => {
  const editor = new EditorPage(page);
  const fitted = await editor.settled();
  const [percent, bounds] = [await editor.zoom(), await editor.bounds()];
  await page.mouse.move(bounds.left + 10, bounds.top + 10);
  await page.mouse.wheel(0, 400);
  await expect.poll(() => editor.zoom()).toBeLessThan(percent);
  await editor.expectDifferent(fitted);
  const smaller = await editor.bounds();
  expect(Math.abs(smaller.left - bounds.left)).toBeLessThan(12);
  expect(smaller.right).toBeLessThan(bounds.right - 20);

  const { x, y } = await editor.fromCentre();
  await page.keyboard.down("Space");
  await editor.drag({ x, y }, { x: x + 50, y: y + 30 });
  await page.keyboard.up("Space");
  const moved = { left: smaller.left + 50, top: smaller.top + 30 };
  await expect.poll(() => editor.bounds()).toMatchObject(moved);

  await page.mouse.move(x, y);
  await page.mouse.down({ button: "middle" });
  await page.mouse.move(x - 40, y, { steps: 4 });
  await page.mouse.up({ button: "middle" });
  await expect.poll(() => editor.bounds()).toMatchObject({ left: moved.left - 40, top: moved.top });

  // None of these gestures paints.
  expect(await editor.settledMaskArea()).toBe(0);
  await page.keyboard.press("Escape");
  await editor.expectImage(fitted);
  await page.keyboard.press("1");
  await expect.poll(() => editor.zoom()).toBe(100);
  await page.keyboard.press("0");
  await editor.expectImage(fitted);
});

test("M, Shift+R, A and C", async ({ page }) => {
  const editor = new EditorPage(page);
  const original = await editor.settled();
  await page.keyboard.press("m");
  await editor.stroke();
  await expect(editor.history).toHaveCount(2);
  await editor.expectImage(original);
  await page.keyboard.press("Shift+R");
  await editor.waitForFill();
  await expect(editor.history).toHaveCount(3);
  await page.keyboard.press("a");
  await expect(editor.history).toHaveCount(5);
  await editor.waitForFill();

  const panel = page.getByRole("complementary", { name: "Options and history" });
  await expect(panel).toBeVisible();
  await page.keyboard.press("c");
  await expect(panel).toBeHidden();
});

test("Ctrl+O, Ctrl+Y and keys in text fields", async ({ page }) => {
  const editor = new EditorPage(page);
  await editor.manualMode();
  await editor.stroke();
  await expect(editor.history).toHaveCount(2);
  await page.keyboard.press("Control+Z");
  await expect(editor.redo).toBeEnabled();
  await page.keyboard.press("Control+Y");
  await expect(editor.redo).toBeDisabled();

  await page.getByRole("combobox", { name: "Strategy for large images" }).selectOption("Crop");
  await page.getByRole("spinbutton", { name: "Margin" }).focus();
  await page.keyboard.press("e");
  await expect(editor.button("Brush")).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Tab");

  const choosing = page.waitForEvent("filechooser");
  await page.keyboard.press("Control+O");
  await choosing;
});
