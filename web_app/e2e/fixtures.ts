import { test as base } from "@playwright/test";
import { startServer } from "./server";

/** Tests with the real server at `server`. */
export const test = base.extend<object, { server: string }>({
  server: [
    // Playwright reads the names of what a fixture needs from this pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, provide) => {
      // A server that runs already, for the short loop.
      if (process.env.IOPAINT_URL) {
        await provide(process.env.IOPAINT_URL);
        return;
      }
      const { url, stop } = await startServer();
      try {
        await provide(url);
      } finally {
        await stop();
      }
    },
    { scope: "worker" },
  ],
});
