import { watchJob } from "../../api/events";
import { request } from "../../api/http";
import { newJobId } from "../../api/jobId";
import { useEditor, type Job, type JobProgress, type JobTask } from "../store";
import { reportErrors } from "./reportErrors";

const { getState: get, setState: set } = useEditor;

const PREPARING: JobProgress = { state: "preparing", position: null, crop: null, crops: null };

/** Runs a job and reports its error; returns true on success. */
export async function runJob(task: JobTask, work: (job: Job) => Promise<void>): Promise<boolean> {
  const job: Job = {
    id: newJobId(),
    task,
    startedAt: performance.now(),
    abort: new AbortController(),
    progress: PREPARING,
  };
  set({ job, lastFillMs: null });
  const succeeded = await reportErrors(() => work(job));
  if (get().job?.id === job.id) set({ job: null });
  return succeeded;
}

/** Cancels the running job. */
export function cancelJob(): void {
  const { job } = get();
  if (!job) return;
  job.abort.abort();
  set({ job: null });
  void cancelOnServer(job.id);
}

/** Shows the server's progress of a job; returns the function that ends this. */
export function followJob(id: string): () => void {
  show(id, { ...PREPARING, state: "running" });
  return watchJob(id, ({ state, position, crop, crops }) => {
    if (state === "queued" || state === "running") show(id, { state, position, crop, crops });
  });
}

function show(id: string, progress: JobProgress): void {
  set(({ job }) => (job?.id === id ? { job: { ...job, progress } } : {}));
}

/** Cancels a job on the server. */
async function cancelOnServer(id: string): Promise<void> {
  // Best effort: closing the connection has cancelled the job already.
  await request(`api/v1/jobs/${id}`, { method: "DELETE" }).catch(() => undefined);
}
