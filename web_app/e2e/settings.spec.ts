import AxeBuilder from "@axe-core/playwright";
import { expect } from "@playwright/test";
import { test } from "./fixtures";
import { EditorPage } from "./page";

test("settings persist and apply immediately", async ({ page, server }) => {
  await page.goto(server);
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("switch", { name: "Manual mode" }).click();
  await dialog.getByRole("tab", { name: "Large images" }).click();
  await dialog.getByRole("combobox", { name: "Strategy for large images" }).selectOption("Resize");
  await dialog.getByRole("spinbutton", { name: "Size limit" }).fill("1024");
  await dialog.getByRole("tab", { name: "Appearance" }).click();
  await dialog.getByRole("combobox", { name: "Theme" }).selectOption("Dark");
  await dialog.getByRole("combobox", { name: "Language" }).selectOption("简体中文");
  await expect(page.getByRole("dialog", { name: "设置" })).toBeVisible();

  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.keyboard.press("s");
  await expect(dialog.getByRole("switch", { name: "手动模式" })).toBeChecked();
  await dialog.getByRole("tab", { name: "大尺寸图片" }).click();
  await expect(dialog.getByRole("spinbutton", { name: "尺寸上限" })).toHaveValue("1024");
});

for (const [key, name] of [
  ["s", "Settings"],
  ["h", "Keyboard shortcuts"],
  ["Shift+B", "Batch"],
  ["Shift+M", "Models"],
] as const) {
  test(`the ${name} dialog works by keyboard`, async ({ page, server }) => {
    await page.goto(server);
    await page.keyboard.press(key);
    const dialog = page.getByRole("dialog", { name });
    await expect(dialog).toBeVisible();
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press("Tab");
      await expect(dialog.locator(":focus").or(dialog)).not.toHaveCount(0);
    }
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`no accessibility violations (${colorScheme})`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const check = async (view: string): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      expect(
        serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`),
        view,
      ).toEqual([]);
    };
    await page.goto(server);
    await expect(page.getByRole("button", { name: "Cocktail by the sea" })).toBeVisible();
    await check("start screen");
    for (const key of ["s", "h", "Shift+B", "Shift+M"]) {
      await page.keyboard.press(key);
      await expect(page.getByRole("dialog")).toBeVisible();
      await check(`dialog ${key}`);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog")).toBeHidden();
    }
    await new EditorPage(page).openSample(server);
    await check("editor");
  });
}
