import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
// Playwright's own browser where no other is named or installed.
const browser = process.env.CHROMIUM ?? INSTALLED.find((path) => existsSync(path));

export default defineConfig({
  testDir: "e2e",
  // e2e/firefox has tests of another runner.
  testMatch: "**/*.spec.ts",
  forbidOnly: true,
  workers: 1,
  // Fills run on the processor, which other work may need too.
  timeout: 120_000,
  snapshotPathTemplate: "{testDir}/looks/{arg}{ext}",
  expect: { timeout: 20_000, toHaveScreenshot: { maxDiffPixelRatio: 0.01 } },
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
        // Memory is measured after what nobody holds is collected.
        "--js-flags=--expose-gc",
        // Letters and colours are drawn alike on every machine.
        "--font-render-hinting=none",
        "--disable-lcd-text",
        "--force-color-profile=srgb",
      ],
    },
  },
});
