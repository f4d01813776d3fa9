import { watchJob } from "../../api/events";
import { request } from "../../api/http";
import { useEditor, type JobProgress } from "../store";

/** Shows how far the server is with a job, until the returned function is called. */
export function followJob(id: string): () => void {
  show(id, { state: "running", position: null, crop: null, crops: null });
  return watchJob(id, ({ state, position, crop, crops }) => {
    if (state === "queued" || state === "running") show(id, { state, position, crop, crops });
  });
}

function show(id: string, progress: JobProgress): void {
  useEditor.setState(({ job }) => (job?.id === id ? { job: { ...job, progress } } : {}));
}

/** Tells the server that nobody waits for a job any more. */
export async function tellCancelled(id: string): Promise<void> {
  // The request was ended already, which says the same where this doesn't arrive.
  await request(`api/v1/jobs/${id}`, { method: "DELETE" }).catch(() => undefined);
}
