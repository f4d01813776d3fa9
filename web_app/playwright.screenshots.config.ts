import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

// Takes the documentation's screenshots with the settings of the end-to-end tests. Run by `make screenshots`.
export default defineConfig(tests, { testDir: "screenshots", use: { trace: "off" } });
