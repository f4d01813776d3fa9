import { test as base } from "@playwright/test";
import { startServer } from "./server";

/** Playwright's `test` with a running server, whose URL is the fixture `server`. */
export const test = base.extend<object, { server: string }>({
  server: [
    // Playwright parses this pattern for the names of required fixtures.
    // eslint-disable-next-line no-empty-pattern
    async ({}, provide) => {
      // During development the tests can use a server that is already running.
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
