import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

test.beforeEach(async ({ page, server }) => {
  await new EditorPage(page).openSample(server);
});

test("history steps can be restored by click", async ({ page }) => {
  const editor = new EditorPage(page);
  await editor.manualMode();
  const areas = [0];
  for (const dy of [-120, 0, 120]) {
    await editor.stroke(dy);
    await expect(editor.history).toHaveCount(areas.length + 1);
    areas.push(await editor.settledMaskArea());
  }
  for (const step of [1, 3, 0, 2]) {
    await editor.history.nth(step).click();
    await expect(editor.history.nth(step)).toHaveAttribute("aria-current", "step");
    if (step === 0) await expect.poll(() => editor.maskArea()).toBe(0);
    else await editor.expectMask(areas[step] ?? 0, 0.03);
  }
  // A new edit discards the undone steps.
  await editor.stroke(60);
  await expect(editor.history).toHaveCount(4);
  await expect(editor.redo).toBeDisabled();
});

test("undo and redo in quick succession run in order", async ({ page }) => {
  const editor = new EditorPage(page);
  await editor.manualMode();
  for (const [step, dy] of [-120, 0].entries()) {
    await editor.stroke(dy);
    await expect(editor.history).toHaveCount(step + 2);
  }
  const visited = await page.getByRole("list", { name: "History" }).evaluateHandle((list) => {
    const visited: number[] = [];
    new MutationObserver(() => {
      const steps = [...list.querySelectorAll("button")];
      visited.push(steps.findIndex((step) => step.hasAttribute("aria-current")));
    }).observe(list, { subtree: true, attributeFilter: ["aria-current"] });
    for (const key of ["z", "Z"]) {
      const keys = { key, code: "KeyZ", ctrlKey: true, shiftKey: key === "Z", bubbles: true };
      document.body.dispatchEvent(new KeyboardEvent("keydown", keys));
    }
    return visited;
  });
  await expect.poll(() => visited.jsonValue()).toEqual([1, 2]);
});

test("the comparison slider moves by pointer and keys", async ({ page }) => {
  const editor = new EditorPage(page);
  const original = await editor.settled();
  await editor.stroke();
  await editor.waitForFill();
  const result = await editor.expectDifferent(original);
  const { left, right } = await editor.bounds();

  await page.keyboard.press("d");
  const divider = page.getByRole("slider", { name: "Comparison slider" });
  await expect(divider).toHaveAttribute("aria-valuenow", "50");
  const half = await editor.expectDifferent(original, result);

  const box = await divider.boundingBox();
  if (!box) throw new Error("no divider");
  const y = box.y + box.height / 2;
  await editor.drag({ x: box.x + box.width / 2, y }, { x: right + 20, y });
  await expect(divider).toHaveAttribute("aria-valuenow", "100");
  await editor.expectImage(original);
  await editor.drag({ x: right, y }, { x: left - 20, y });
  await editor.expectImage(result);

  await divider.focus();
  for (let press = 0; press < 25; press++) await page.keyboard.press("ArrowRight");
  await expect(divider).toHaveAttribute("aria-valuenow", "50");
  await editor.expectImage(half);
  await page.keyboard.press("d");
  await expect(divider).toBeHidden();
  await editor.expectImage(result);
});

test("images can be copied and pasted", async ({ page, context, server }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server });
  const editor = new EditorPage(page);
  const original = await editor.settled();
  await editor.stroke();
  await editor.waitForFill();
  const result = await editor.expectDifferent(original);
  await page.keyboard.press("Control+C");
  await expect(page.getByText("Image copied.").first()).toBeVisible();

  await page.locator("input[data-purpose=image]").setInputFiles("public/samples/astronaut.jpg");
  await expect(page.getByText("astronaut.jpg")).toBeVisible();
  await editor.expectDifferent(result);
  await page.keyboard.press("Control+V");
  await expect(page.locator("header").getByText(".png")).toBeVisible();
  await editor.expectImage(result);
});
