import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";
import { startServer } from "./server";

test("server folders can be browsed and saved to", async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "iopaint-files-"));
  const [input, output] = [join(folder, "in"), join(folder, "out")];
  await mkdir(input);
  await copyFile("public/samples/cocktail.jpg", join(input, "beach 10.jpg"));
  await copyFile("public/samples/astronaut.jpg", join(input, "beach 9.jpg"));
  await copyFile("public/samples/air-balloon.jpg", join(input, "sky.jpg"));
  const server = await startServer(["--input", input, "--output-dir", output]);
  try {
    await page.goto(server.url);
    // The button appears after the server configuration is loaded.
    await expect(page.getByRole("button", { name: "Files" })).toBeVisible();
    await page.keyboard.press("f");
    const dialog = page.getByRole("dialog", { name: "Files" });
    const images = dialog.getByRole("button", { name: /^Open / });
    await expect(images).toHaveCount(3);
    await expect(images.first()).toHaveAccessibleName("Open beach 9.jpg");
    await dialog.getByRole("searchbox").fill("beach");
    await expect(images).toHaveCount(2);
    await images.first().click();

    const title = page.locator("header").getByText(/\.jpg$/);
    await expect(title).toHaveText("beach 9.jpg");
    // The open dialog receives all key presses.
    await expect(dialog).toBeHidden();
    await new EditorPage(page).settled();
    await page.keyboard.press("ArrowRight");
    await expect(title).toHaveText("beach 10.jpg");

    await page.keyboard.press("Control+S");
    await expect.poll(() => readdir(output)).toEqual(["beach 10_cleanup.jpg"]);
    await page.keyboard.press("f");
    await dialog.getByRole("tab", { name: "Output" }).click();
    await expect(dialog.getByRole("button", { name: "Open beach 10_cleanup.jpg" })).toBeVisible();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test("a mask of the mask folder is loaded", async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "iopaint-files-"));
  const [input, masks] = [join(folder, "in"), join(folder, "masks")];
  await mkdir(input);
  await mkdir(masks);
  await copyFile("public/samples/cocktail.jpg", join(input, "beach.jpg"));
  await writeFile(join(masks, "glass.png"), maskPng(512, 512, { x: 100, y: 100, width: 120, height: 80 }));
  const server = await startServer([
    "--input",
    input,
    "--output-dir",
    join(folder, "out"),
    "--mask-dir",
    masks,
  ]);
  try {
    const editor = new EditorPage(page);
    await page.goto(server.url);
    await expect(page.getByRole("button", { name: "Files" })).toBeVisible();
    await page.keyboard.press("f");
    const dialog = page.getByRole("dialog", { name: "Files" });
    await dialog.getByRole("tab", { name: "Masks" }).click();
    const mask = dialog.getByRole("button", { name: "Use glass.png as mask" });
    await mask.click();
    await expect(page.getByText("Open an image before choosing a mask.").first()).toBeVisible();

    await page.keyboard.press("f");
    await dialog.getByRole("tab", { name: "Input" }).click();
    await dialog.getByRole("button", { name: "Open beach.jpg" }).click();
    await expect(page.locator("header").getByText("beach.jpg")).toBeVisible();
    await expect(dialog).toBeHidden();
    await editor.settled();
    await page.keyboard.press("f");
    await dialog.getByRole("tab", { name: "Masks" }).click();
    await mask.click();
    const { left, right } = await editor.bounds();
    await editor.expectMask(120 * 80 * ((right - left + 1) / 512) ** 2, 0.03);
    await expect(page.locator("header").getByText("beach.jpg")).toBeVisible();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true });
  }
});

test("the --input image opens on start", async ({ page }) => {
  const server = await startServer(["--input", "public/samples/cocktail.jpg"]);
  try {
    await page.goto(server.url);
    await expect(page.locator("header").getByText("cocktail.jpg")).toBeVisible();
  } finally {
    await server.stop();
  }
});
