import { readFile } from "node:fs/promises";
import { devices, expect, type Page } from "@playwright/test";
import type { components } from "../src/api/schema";
import { test } from "./fixtures";
import { EditorPage } from "./page";
import { maskPng } from "./maskPng";

/*
 * Visual regression tests against the reviewed screenshots in e2e/visual. All text uses one bundled font, and
 * content that differs between runs is hidden. The command to update the screenshots is
 * `npx playwright test visual --update-snapshots=all`.
 */

const FONT = "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";
const SIZES = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    userAgent: devices["Pixel 7"].userAgent,
  },
};
const PHOTOS = ["air-balloon.jpg", "astronaut.jpg", "cocktail.jpg"];

type Model = components["schemas"]["KnownModel"];

/** Renders all text with the bundled font and hides the job status. */
async function stabilizeRendering(page: Page): Promise<void> {
  const font = (await readFile(FONT)).toString("base64");
  await page.addStyleTag({
    content: `
      @font-face { font-family: Test; font-weight: 100 900; src: url(data:font/woff2;base64,${font}) }
      :root, :root * { font-family: Test !important }
      .job { opacity: 0 }
    `,
  });
  await page.evaluate(() => document.fonts.load("14px Test"));
}

/** Mocks folders and a fixed list of models, and selects the strategy with the most settings. */
async function mockServer(page: Page): Promise<void> {
  await page.addInitScript(() => {
    localStorage.setItem("iopaint.settings", JSON.stringify({ state: { strategy: "Crop" }, version: 1 }));
  });
  await page.route("**/api/v1/server-config", async (route) => {
    const response = await route.fetch();
    const config = (await response.json()) as object;
    await route.fulfill({ response, json: { ...config, enableFileManager: true } });
  });
  await page.route("**/api/v1/medias?*", (route) =>
    route.fulfill({
      json: [...PHOTOS, ...PHOTOS].map((name, index) => ({
        name: `${index + 1} ${name}`,
        width: 512,
        height: 512,
        ctime: index,
        mtime: index,
      })),
    }),
  );
  await page.route("**/api/v1/media_thumbnail_file?*", (route) => {
    const name = new URL(route.request().url()).searchParams.get("filename") ?? "";
    return route.fulfill({ path: `public/samples/${name.slice(2)}` });
  });
  const model = (name: string, title: string, state: Model["state"], bytes: number): Model => ({
    name,
    title,
    task: "inpaint",
    state,
    bytes,
    downloaded: null,
    licence: "Apache-2.0",
    downloadable: true,
  });
  await page.route("**/api/v1/models", (route) =>
    route.fulfill({
      json: [
        model("lama", "LaMa", "ready", 205_669_692),
        model("anime-lama", "LaMa for anime and manga", "absent", 205_571_330),
        model("mat", "MAT", "downloading", 250_000_000),
        model("lama-mini", "LaMa mini", "builtin", 2_050_000),
        { ...model("u2netp", "U-2-Net, small", "builtin", 4_760_000), task: "segment" },
        { ...model("vit_b", "SAM, base", "absent", 375_000_000), task: "segment-by-prompt" },
      ],
    }),
  );
}

for (const [size, device] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test.describe(`${size}, ${colorScheme} theme`, () => {
      test.use({
        ...device,
        colorScheme,
        deviceScaleFactor: 1,
        bypassCSP: true,
        contextOptions: { reducedMotion: "reduce" },
      });

      const expectScreenshot = async (page: Page, name: string): Promise<void> => {
        await expect.soft(page).toHaveScreenshot(`${name}-${size}-${colorScheme}.png`);
      };

      test("editor", async ({ page, server }) => {
        const editor = new EditorPage(page);
        await mockServer(page);
        await page.goto(server);
        await stabilizeRendering(page);
        await expect(editor.button("Files")).toBeVisible();
        await expect(page.getByRole("status", { name: "Model" })).toHaveText("lama-mini");
        await expectScreenshot(page, "empty");
        await editor.button("Hot-air balloon").click();
        await editor.settled();
        await expectScreenshot(page, "photo");
        await page.keyboard.press("m");
        // Masks the balloon's basket, which the small model removes cleanly.
        const scale = size === "desktop" ? 1 : 0.52;
        const position = (x: number, y: number) => editor.fromCentre(x * scale, y * scale);
        await page.keyboard.press("o");
        await editor.drag(await position(-60, 170), await position(60, 255));
        await expect(editor.run).toBeEnabled();
        await page.keyboard.press("b");
        await editor.drag(await position(-30, 185), await position(30, 185));
        await expect(editor.undo).toBeEnabled();
        await page.mouse.move(5, 5);
        await expect(page.locator(".ring")).toBeHidden();
        await editor.settled();
        await expectScreenshot(page, "mask");
        await page.keyboard.press("Control+Shift+S");
        await expect(page.getByRole("dialog", { name: "Save image" })).toBeVisible();
        await expectScreenshot(page, "save");
        await page.keyboard.press("Escape");
        await editor.run.click();
        await editor.waitForFill();
        await page.mouse.move(5, 5);
        await editor.settled();
        await expectScreenshot(page, "result");
        if (size === "phone") {
          await page.keyboard.press("c");
          await expect(page.getByRole("dialog", { name: "Options and history" })).toBeVisible();
          await expectScreenshot(page, "panel");
        }
      });

      test("dialogs", async ({ page, server }) => {
        await mockServer(page);
        await page.goto(server);
        await stabilizeRendering(page);
        await expect(page.getByRole("button", { name: "Files" })).toBeVisible();
        for (const [key, name, file] of [
          ["s", "Settings", "settings"],
          ["Shift+M", "Models", "models"],
          ["h", "Keyboard shortcuts", "shortcuts"],
          ["f", "Files", "files"],
        ] as const) {
          await page.keyboard.press(key);
          const dialog = page.getByRole("dialog", { name });
          await expect(dialog).toBeVisible();
          await expect(dialog.getByText("Loading…")).toBeHidden();
          await expectScreenshot(page, file);
          await page.keyboard.press("Escape");
          await expect(dialog).toBeHidden();
        }

        // A batch with a photo in every state.
        const done = maskPng(64, 64, { x: 0, y: 0, width: 32, height: 64 });
        await page.route("**/api/v1/inpaint", async (route) => {
          const [, photo] = /filename="beach (\d)\.png"/.exec(route.request().postData() ?? "") ?? [];
          if (photo === "2")
            await route.fulfill({ status: 400, json: { detail: "This file is not an image." } });
          // The other requests stay unanswered.
          else if (photo === "1" || photo === "3")
            await route.fulfill({ contentType: "image/png", body: done });
        });
        await page.keyboard.press("Shift+B");
        const dialog = page.getByRole("dialog", { name: "Batch" });
        const choose = async (button: string, ...names: string[]) => {
          const choosing = page.waitForEvent("filechooser");
          await dialog.getByRole("button", { name: button }).click();
          await (
            await choosing
          ).setFiles(names.map((name) => ({ name, mimeType: "image/png", buffer: done })));
        };
        await choose("Choose mask", "watermark.png");
        await choose("Add images", ...[1, 2, 3, 4, 5, 6].map((number) => `beach ${number}.png`));
        await dialog.getByRole("button", { name: "Start" }).click();
        await expect(dialog.getByRole("status")).toHaveText("2 of 6 done, 1 failed");
        await page.mouse.move(5, 5);
        await expectScreenshot(page, "batch");
      });

      test("API key dialog", async ({ page, server }) => {
        await page.route("**/api/v1/server-config", (route) =>
          route.fulfill({ status: 401, json: { detail: "An API key is required." } }),
        );
        await page.goto(server);
        await stabilizeRendering(page);
        await expect(page.getByRole("dialog", { name: "API key required" })).toBeVisible();
        await expectScreenshot(page, "key");
      });
    });
  }
}
