import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

// Takes the documentation's pictures with what the tests in a browser use; `make screenshots` runs it.
export default defineConfig(tests, { testDir: "screenshots", timeout: 400_000, use: { trace: "off" } });
