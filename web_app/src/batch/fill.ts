import { describeFailure, UserError } from "../api/errors";
import { watchJob, type JobEvent } from "../api/events";
import { request } from "../api/http";
import { newJobId } from "../api/jobId";

const BUSY = 429;
const LONGEST_WAIT_S = 60;
const DEFAULT_WAIT_S = 2;

export interface Fill {
  readonly photo: File;
  readonly mask: Blob;
  /** Fields of the request besides the two. */
  readonly options: Record<string, string | number | boolean>;
}

/**
 * Has the server fill a photo; the answer is in the photo's own format. A server whose queue is full is asked again
 * when it says so.
 *
 * @throws {UserError} with the server's sentence where it refuses; what `fetch` throws where it isn't reached or the
 * signal aborts.
 */
export async function fill(
  { photo, mask, options }: Fill,
  signal: AbortSignal,
  onProgress: (event: JobEvent) => void,
): Promise<Blob> {
  for (;;) {
    const id = newJobId();
    const unwatch = watchJob(id, onProgress);
    try {
      const form = new FormData();
      form.append("image", photo, photo.name);
      form.append("mask", mask, "mask.png");
      form.append("options", JSON.stringify(options));
      const response = await request("api/v1/inpaint", {
        method: "POST",
        headers: { "X-Job-Id": id },
        body: form,
        signal,
      });
      if (response.ok) return await response.blob();
      if (response.status !== BUSY)
        throw new UserError(describeFailure(response.status, await response.text()));
      await pause(1000 * waitOf(response.headers.get("Retry-After")), signal);
    } finally {
      unwatch();
    }
  }
}

/** Seconds to wait as `Retry-After` says. */
function waitOf(header: string | null): number {
  const seconds = Number(header ?? DEFAULT_WAIT_S);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), LONGEST_WAIT_S) : DEFAULT_WAIT_S;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("stopped while waiting", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
}
