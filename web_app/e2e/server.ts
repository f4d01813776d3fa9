import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test as base } from "@playwright/test";

const BINARY = process.env.IOPAINT_BIN ?? "../target/release/iopaint";

/** A server that runs, and how to end it. */
export interface RunningServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the real server on a port of its own and with a built-in model. */
export async function startServer(
  flags: readonly string[] = [],
  model = "lama-mini",
): Promise<RunningServer> {
  const models = await mkdtemp(join(tmpdir(), "iopaint-models-"));
  const running = spawn(
    BINARY,
    ["start", "--port", "0", "--model", model, "--local-files-only", "--model-dir", models, ...flags],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const stop = async (): Promise<void> => {
    if (running.exitCode === null && running.signalCode === null) {
      running.kill();
      await once(running, "exit");
    }
    await rm(models, { recursive: true });
  };
  try {
    return { url: await address(running.stdout), stop };
  } catch (reason) {
    await stop();
    throw reason;
  }
}

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

async function address(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stdout)) {
    const found = /^Listening on (http:\S+)$/.exec(line)?.[1];
    if (found) return found;
  }
  throw new Error("the server ended before it listened");
}
