import { defineConfig } from "vitest/config";
import { TEST_MS, UI_MS } from "../deadlines.ts";

// End-to-end tests in Firefox against the release binary: `npm run e2e:firefox`.
export default defineConfig({
  test: {
    include: ["e2e/firefox/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: TEST_MS,
    hookTimeout: TEST_MS,
    expect: { poll: { timeout: UI_MS, interval: 50 } },
  },
});
