import { watchJob } from "../../api/events";
import { request } from "../../api/http";
import { useEditor, type JobProgress } from "../store";

/** Shows the server's progress of a job; returns the function that ends this. */
export function followJob(id: string): () => void {
  show(id, { state: "running", position: null, crop: null, crops: null });
  return watchJob(id, ({ state, position, crop, crops }) => {
    if (state === "queued" || state === "running") show(id, { state, position, crop, crops });
  });
}

function show(id: string, progress: JobProgress): void {
  useEditor.setState(({ job }) => (job?.id === id ? { job: { ...job, progress } } : {}));
}

/** Cancels a job on the server. */
export async function cancelOnServer(id: string): Promise<void> {
  // Best effort: closing the connection has cancelled the job already.
  await request(`api/v1/jobs/${id}`, { method: "DELETE" }).catch(() => undefined);
}
