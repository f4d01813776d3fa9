import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

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

async function address(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stdout)) {
    const found = /^Listening on (http:\S+)$/.exec(line)?.[1];
    if (found) return found;
  }
  throw new Error("the server ended before it listened");
}
