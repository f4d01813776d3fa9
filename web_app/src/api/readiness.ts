/** Response of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  /** Model that serves requests. */
  readonly model: string | null;
  /** Model being loaded; `bytes` and `total` are null unless a download of known size is running. */
  readonly loading: {
    readonly name: string;
    readonly bytes: number | null;
    readonly total: number | null;
  } | null;
  /** Error of the last failed model load. */
  readonly failure: string | null;
}

/** Polling intervals during a change and otherwise, in milliseconds. */
const POLL_CHANGING_MS = 1000;
const POLL_STABLE_MS = 5000;

/** Polls the server's readiness while the page is visible; reports null while the server is unreachable. */
export async function watchReadiness(
  onUpdate: (state: Readiness | null) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (document.hidden) await pageVisible(signal);
    const state = await fetchReadiness(signal);
    if (signal.aborted) return;
    onUpdate(state);
    await sleep(state?.ready && !state.loading ? POLL_STABLE_MS : POLL_CHANGING_MS, signal);
  }
}

async function fetchReadiness(signal: AbortSignal): Promise<Readiness | null> {
  try {
    // 503 has the same body as 200.
    const response = await fetch("readyz", { signal, cache: "no-store" });
    return (await response.json()) as Readiness;
  } catch {
    return null;
  }
}

function pageVisible(signal: AbortSignal): Promise<void> {
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

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
