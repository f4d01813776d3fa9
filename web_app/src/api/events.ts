import type { Socket } from "socket.io-client";
import { pageBase } from "./base";
import type { components } from "./schema";

/** State and progress of a job. */
export type JobEvent = components["schemas"]["JobEvent"];

/** State and progress of a model download. */
export type ModelEvent = components["schemas"]["ModelEvent"];

export type JobListener = (event: JobEvent) => void;

const listeners = new Map<string, Set<JobListener>>();
const modelListeners = new Set<(event: ModelEvent) => void>();
let socket: Promise<Socket> | null = null;

/**
 * Subscribes to the events of a job; returns the unsubscribe function. Progress is optional: without a socket
 * connection no events arrive and the job is unaffected.
 */
export function watchJob(id: string, listener: JobListener): () => void {
  const jobListeners = listeners.get(id) ?? new Set();
  listeners.set(id, jobListeners.add(listener));
  void connection().then(
    (open) => {
      // The connect handler watches all jobs of a socket that isn't connected yet.
      if (open.connected && listeners.has(id)) open.emit("watch", id);
    },
    () => undefined,
  );
  return () => {
    jobListeners.delete(listener);
    if (jobListeners.size > 0 || listeners.get(id) !== jobListeners) return;
    listeners.delete(id);
    void socket?.then(
      (open) => open.emit("unwatch", id),
      () => undefined,
    );
  };
}

/** Subscribes to the events of model downloads; returns the unsubscribe function. */
export function watchModels(listener: (event: ModelEvent) => void): () => void {
  modelListeners.add(listener);
  void connection().catch(() => undefined);
  return () => {
    modelListeners.delete(listener);
  };
}

function connection(): Promise<Socket> {
  socket ??= connect().catch((reason: unknown) => {
    socket = null;
    throw reason;
  });
  return socket;
}

async function connect(): Promise<Socket> {
  // Loaded with the first job, to keep the first page load small.
  const { io } = await import("socket.io-client");
  const base = new URL(pageBase());
  const created = io(base.origin, { path: `${base.pathname}socket.io/` });
  created.on("connect", () => {
    for (const id of listeners.keys()) created.emit("watch", id);
  });
  created.on("job", (event: JobEvent) => {
    for (const listener of listeners.get(event.id) ?? []) listener(event);
  });
  created.on("model", (event: ModelEvent) => {
    for (const listener of modelListeners) listener(event);
  });
  return created;
}
