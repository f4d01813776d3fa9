import type { Remote } from "comlink";
import { DocumentSession } from "../document/documentSession";

/** Replaces `document/client` in tests: the session runs in the page's thread. */

let session = new DocumentSession();

export function documentWorker(): Remote<DocumentSession> {
  return session as unknown as Remote<DocumentSession>;
}

/** Starts a new session without a document. */
export function resetDocumentWorker(): void {
  session = new DocumentSession();
}
