/** State of a task. */
export type TaskState<R> =
  | { readonly state: "waiting" | "running" | "cancelled" }
  | { readonly state: "done"; readonly result: R }
  | { readonly state: "failed"; readonly reason: unknown };

/** Runs tasks in order with bounded concurrency; failed and cancelled tasks don't affect others. */
export class TaskRunner<T, R> {
  readonly #waiting: T[] = [];
  readonly #running = new Map<T, AbortController>();

  /** `onStateChange` is called with every change of a task's state. */
  constructor(
    private readonly work: (task: T, signal: AbortSignal) => Promise<R>,
    private readonly onStateChange: (task: T, outcome: TaskState<R>) => void,
    private readonly concurrency: number,
  ) {}

  /** True while any task is queued or running. */
  get busy(): boolean {
    return this.#waiting.length + this.#running.size > 0;
  }

  /** Appends tasks to the queue; ignores tasks that are queued or running. */
  add(tasks: readonly T[]): void {
    for (const task of tasks) {
      if (this.#running.has(task) || this.#waiting.includes(task)) continue;
      this.#waiting.push(task);
      this.onStateChange(task, { state: "waiting" });
    }
    this.#next();
  }

  /** Removes a queued task, or aborts a running one. */
  cancel(task: T): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.onStateChange(task, { state: "cancelled" });
    }
    this.#running.get(task)?.abort();
  }

  cancelAll(): void {
    for (const task of [...this.#waiting, ...this.#running.keys()]) this.cancel(task);
  }

  #next(): void {
    while (this.#running.size < this.concurrency) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      void this.#run(task);
    }
  }

  async #run(task: T): Promise<void> {
    const abort = new AbortController();
    this.#running.set(task, abort);
    this.onStateChange(task, { state: "running" });
    const outcome = await this.work(task, abort.signal).then(
      (result): TaskState<R> => (abort.signal.aborted ? { state: "cancelled" } : { state: "done", result }),
      (reason: unknown): TaskState<R> =>
        abort.signal.aborted ? { state: "cancelled" } : { state: "failed", reason },
    );
    this.#running.delete(task);
    this.onStateChange(task, outcome);
    this.#next();
  }
}
