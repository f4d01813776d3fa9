/** How far the server is, as `/readyz` tells. */
export interface Readiness {
  readonly ready: boolean;
  /** The model that answers requests. */
  readonly model: string | null;
  /** A model on its way; the counts of bytes are null where nothing is downloaded or the size isn't known. */
  readonly loading: {
    readonly name: string;
    readonly bytes: number | null;
    readonly total: number | null;
  } | null;
  /** Why the last model that was tried isn't serving. */
  readonly failure: string | null;
}

/** While something is about to change, and while all is well. */
const SOON_MS = 1000;
const LATER_MS = 5000;

/** Reports the server's readiness again and again while the page is seen; null where the server isn't reached. */
export async function watchReadiness(
  report: (now: Readiness | null) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (document.hidden) await shown(signal);
    const now = await readiness(signal);
    if (signal.aborted) return;
    report(now);
    await pause(now?.ready && !now.loading ? LATER_MS : SOON_MS, signal);
  }
}

async function readiness(signal: AbortSignal): Promise<Readiness | null> {
  try {
    // 503 carries the same body as 200.
    const response = await fetch("readyz", { signal, cache: "no-store" });
    return (await response.json()) as Readiness;
  } catch {
    return null;
  }
}

function shown(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const on = { signal, once: true };
    document.addEventListener(
      "visibilitychange",
      () => {
        resolve();
      },
      on,
    );
    signal.addEventListener("abort", () => {
      resolve();
    });
  });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
