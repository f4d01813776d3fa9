import type { Socket } from "socket.io-client";
import { pageBase } from "./base";
import type { components } from "./schema";

/** What the server tells of a job while it is under way. */
export type JobEvent = components["schemas"]["JobEvent"];

/** What the server tells of a model's download. */
export type ModelEvent = components["schemas"]["ModelEvent"];

export type JobListener = (event: JobEvent) => void;

const listeners = new Map<string, Set<JobListener>>();
const modelListeners = new Set<(event: ModelEvent) => void>();
let socket: Promise<Socket> | null = null;

/**
 * Tells the listener what the server says of a job, until the returned function is called. Progress is a courtesy:
 * where no socket can be opened, nothing is told and the job goes on.
 */
export function watchJob(id: string, listener: JobListener): () => void {
  const mine = listeners.get(id) ?? new Set();
  listeners.set(id, mine.add(listener));
  void connection().then(
    (open) => {
      // One that isn't connected yet asks for every job once it is.
      if (open.connected && listeners.has(id)) open.emit("watch", id);
    },
    () => undefined,
  );
  return () => {
    mine.delete(listener);
    if (mine.size > 0 || listeners.get(id) !== mine) return;
    listeners.delete(id);
    void socket?.then(
      (open) => open.emit("unwatch", id),
      () => undefined,
    );
  };
}

/** Tells the listener what the server says of models' downloads, until the returned function is called. */
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
  // Nobody needs it before the first job.
  const { io } = await import("socket.io-client");
  const base = new URL(pageBase());
  const opened = io(base.origin, { path: `${base.pathname}socket.io/` });
  opened.on("connect", () => {
    for (const id of listeners.keys()) opened.emit("watch", id);
  });
  opened.on("job", (event: JobEvent) => {
    for (const listener of listeners.get(event.id) ?? []) listener(event);
  });
  opened.on("model", (event: ModelEvent) => {
    for (const listener of modelListeners) listener(event);
  });
  return opened;
}
