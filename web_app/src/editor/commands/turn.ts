import { notify } from "../../ui/kit/toast";
import { isAbort, sentenceOf } from "../../api/errors";

let last: Promise<unknown> = Promise.resolve();

/** Does work on the desk after all that was asked for before it. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}

/** Does something and tells the person where it fails; whether it worked. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (thrown) {
    if (!isAbort(thrown)) notify({ kind: "error", text: sentenceOf(thrown) });
    return false;
  }
}
