import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";
import { TEST_MS, UI_MS } from "./e2e/deadlines";

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
// Undefined selects Playwright's bundled browser.
const browser = process.env.CHROMIUM ?? INSTALLED.find((path) => existsSync(path));

export default defineConfig({
  testDir: "e2e",
  // Excludes the Vitest tests of e2e/firefox.
  testMatch: "**/*.spec.ts",
  forbidOnly: true,
  workers: 1,
  timeout: TEST_MS,
  snapshotPathTemplate: "{testDir}/visual/{arg}{ext}",
  expect: { timeout: UI_MS, toHaveScreenshot: { maxDiffPixelRatio: 0.01 } },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    trace: "retain-on-failure",
    launchOptions: {
      ...(browser ? { executablePath: browser } : {}),
      args: [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        // The memory test forces garbage collection before it measures.
        "--js-flags=--expose-gc",
        // Text and colours are rendered identically on every machine.
        "--font-render-hinting=none",
        "--disable-lcd-text",
        "--force-color-profile=srgb",
      ],
    },
  },
});
