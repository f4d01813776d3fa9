import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const BINARY = process.env.IOPAINT_BIN ?? "../target/release/iopaint";

/** A running server process. */
export interface RunningServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts the server binary on a free port with a built-in model. */
export async function startServer(
  flags: readonly string[] = [],
  model = "lama-mini",
): Promise<RunningServer> {
  const models = await mkdtemp(join(tmpdir(), "iopaint-models-"));
  const child = spawn(
    BINARY,
    ["start", "--port", "0", "--model", model, "--local-files-only", "--model-dir", models, ...flags],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
    await rm(models, { recursive: true });
  };
  try {
    return { url: await listeningUrl(child.stdout), stop };
  } catch (reason) {
    await stop();
    throw reason;
  }
}

/** Reads the URL from the line `Listening on URL`. */
async function listeningUrl(stdout: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stdout)) {
    const url = /^Listening on (http:\S+)$/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("the server exited before it listened");
}
