/** What has become of a task. */
export type Outcome<R> =
  | { readonly state: "waiting" | "running" | "cancelled" }
  | { readonly state: "done"; readonly result: R }
  | { readonly state: "failed"; readonly reason: unknown };

/** Does tasks, a few at a time and in order; one that fails or is cancelled stops no other. */
export class Runner<T, R> {
  readonly #waiting: T[] = [];
  readonly #running = new Map<T, AbortController>();

  /** `report` is told of every change of a task's state. */
  constructor(
    private readonly work: (task: T, signal: AbortSignal) => Promise<R>,
    private readonly report: (task: T, outcome: Outcome<R>) => void,
    private readonly atOnce: number,
  ) {}

  /** Whether any task waits or runs. */
  get busy(): boolean {
    return this.#waiting.length + this.#running.size > 0;
  }

  /** Adds tasks behind those that wait; those that wait or run already stay where they are. */
  add(tasks: readonly T[]): void {
    for (const task of tasks) {
      if (this.#running.has(task) || this.#waiting.includes(task)) continue;
      this.#waiting.push(task);
      this.report(task, { state: "waiting" });
    }
    this.#next();
  }

  /** Takes a task out, or stops it. */
  cancel(task: T): void {
    const at = this.#waiting.indexOf(task);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
      this.report(task, { state: "cancelled" });
    }
    this.#running.get(task)?.abort();
  }

  cancelAll(): void {
    for (const task of [...this.#waiting, ...this.#running.keys()]) this.cancel(task);
  }

  #next(): void {
    while (this.#running.size < this.atOnce) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      void this.#run(task);
    }
  }

  async #run(task: T): Promise<void> {
    const abort = new AbortController();
    this.#running.set(task, abort);
    this.report(task, { state: "running" });
    const outcome = await this.work(task, abort.signal).then(
      (result): Outcome<R> => (abort.signal.aborted ? { state: "cancelled" } : { state: "done", result }),
      (reason: unknown): Outcome<R> =>
        abort.signal.aborted ? { state: "cancelled" } : { state: "failed", reason },
    );
    this.#running.delete(task);
    this.report(task, outcome);
    this.#next();
  }
}
