import { vi } from "vitest";
import type { JobListener } from "../../api/events";
import type { FilledPatch, InpaintRequest } from "../../api/inpaint";
import type { PluginCall } from "../../api/plugins";

/**
 * Replaces the modules of `api` that connect to the server. Requests stay pending until a test completes
 * them.
 */

interface Pending<Request, Response> {
  readonly request: Request;
  readonly signal: AbortSignal;
  readonly respond: (response: Response) => void;
  readonly fail: (error: Error) => void;
}

function pendingRequest<Request, Response>(
  pending: Pending<Request, Response>[],
  request: Request,
  signal: AbortSignal,
): Promise<Response> {
  return new Promise((respond, fail) => {
    pending.push({ request, signal, respond, fail });
    signal.addEventListener("abort", () => {
      fail(new DOMException("aborted", "AbortError"));
    });
  });
}

/** Requests received by the fake server, oldest first. */
export const received: {
  fills: Pending<InpaintRequest, FilledPatch>[];
  plugins: Pending<PluginCall, Blob>[];
  cancelled: string[];
} = { fills: [], plugins: [], cancelled: [] };

const listeners = new Map<string, JobListener>();

export const inpaint = (request: InpaintRequest, signal: AbortSignal) =>
  pendingRequest(received.fills, request, signal);

export const runPlugin = (call: PluginCall, signal: AbortSignal) =>
  pendingRequest(received.plugins, call, signal);

export const watchJob = (id: string, listener: JobListener) => {
  listeners.set(id, listener);
  return () => listeners.delete(id);
};

/** Sends a job event to the page; ignored for a job that isn't watched. */
export const sendJobEvent: JobListener = (event) => listeners.get(event.id)?.(event);

/** Accepts `DELETE api/v1/jobs/{id}` only. */
export const request = (url: string, init?: RequestInit): Promise<Response> => {
  const id = /^api\/v1\/jobs\/(.+)$/.exec(url)?.[1];
  if (init?.method !== "DELETE" || id === undefined)
    return Promise.reject(new Error(`unexpected request: ${url}`));
  received.cancelled.push(id);
  return Promise.resolve(new Response(null, { status: 204 }));
};

/** Waits for a number of requests and returns the last one. */
export async function nthRequest<T>(requests: () => readonly T[], count = 1): Promise<T> {
  return vi.waitFor(() => {
    const last = requests()[count - 1];
    if (!last) throw new Error(`only ${requests().length} requests`);
    return last;
  });
}

export function resetServer(): void {
  received.fills = [];
  received.plugins = [];
  received.cancelled = [];
  listeners.clear();
}
