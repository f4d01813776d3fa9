let last: Promise<unknown> = Promise.resolve();

/** Runs a command after all commands queued before it; the document has one writer at a time. */
export function enqueue<T>(command: () => Promise<T>): Promise<T> {
  const result = last.then(command);
  last = result.catch(() => undefined);
  return result;
}
