import { defineConfig } from "vitest/config";

// End-to-end tests in Firefox against the release binary: `npm run e2e:firefox`.
export default defineConfig({
  test: {
    include: ["e2e/firefox/**/*.test.ts"],
    fileParallelism: false,
    // Fills run on the CPU, possibly beside other load.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 50 } },
  },
});
