import { proxy, wrap, type Remote } from "comlink";
import { decodeOnServer } from "../../api/decode";
import type { DocumentSession } from "./documentSession";

let session: Remote<DocumentSession> | null = null;

/** Returns the proxy of the {@link DocumentSession} in its web worker, which starts at the first call. */
export function documentWorker(): Remote<DocumentSession> {
  if (session) return session;
  session = wrap<DocumentSession>(
    new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "document" }),
  );
  // Messages are delivered in order, so this call precedes any later one.
  void session.setServerDecoder(proxy(decodeOnServer));
  return session;
}
