import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test as base } from "@playwright/test";

const BINARY = process.env.IOPAINT_BIN ?? "../target/release/iopaint";

/** Tests with the real server at `server`, on a port of its own and with the built-in model. */
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
      const models = await mkdtemp(join(tmpdir(), "iopaint-models-"));
      const running = spawn(
        BINARY,
        ["start", "--port", "0", "--model", "lama-mini", "--local-files-only", "--model-dir", models],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      try {
        await provide(await address(running.stdout));
      } finally {
        running.kill();
        await once(running, "exit");
        await rm(models, { recursive: true });
      }
    },
    { scope: "worker" },
  ],
});

async function address(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stdout)) {
    const found = /^Listening on (http:\S+)$/.exec(line)?.[1];
    if (found) return found;
  }
  throw new Error("the server ended before it listened");
}
