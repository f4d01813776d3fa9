import { describeFailure, UserError } from "../api/errors";
import { watchJob, type JobListener } from "../api/events";
import { request } from "../api/http";
import { newJobId } from "../api/jobId";

const TOO_MANY_REQUESTS = 429;
const MAX_RETRY_AFTER_S = 60;
const DEFAULT_RETRY_AFTER_S = 2;

/**
 * Sends a request that runs as a job, and returns its result. `create` makes the request for a job id.
 * Repeats the request after `Retry-After` while the queue is full.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 * @throws {DOMException} `AbortError` if the signal aborts.
 */
export async function sendJob(
  url: string,
  create: (jobId: string) => RequestInit | Promise<RequestInit>,
  signal: AbortSignal,
  onProgress: JobListener,
): Promise<Blob> {
  for (;;) {
    const id = newJobId();
    const unwatch = watchJob(id, onProgress);
    try {
      const response = await request(url, { ...(await create(id)), signal });
      if (response.ok) return await response.blob();
      if (response.status !== TOO_MANY_REQUESTS)
        throw new UserError(describeFailure(response.status, await response.text()));
      await sleep(1000 * retryAfterSeconds(response.headers.get("Retry-After")), signal);
    } finally {
      unwatch();
    }
  }
}

/** Returns the delay given by `Retry-After`, in seconds. */
function retryAfterSeconds(header: string | null): number {
  const seconds = Number(header ?? DEFAULT_RETRY_AFTER_S);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), MAX_RETRY_AFTER_S) : DEFAULT_RETRY_AFTER_S;
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("The wait was aborted.", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
