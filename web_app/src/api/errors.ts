import { t } from "../i18n";

/** What went wrong, in a sentence for the person at the screen. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Whether an error is a {@link UserError}; errors lose their class on their way out of a worker. */
export function isUserError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === "UserError";
}

/** The sentence to show for anything that was thrown. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof UserError) return thrown.message;
  // What `fetch` throws where no answer came.
  if (thrown instanceof TypeError) return t("error.unreached");
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether it was the user who stopped it. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === "AbortError";
}

/** The server's own sentence in the text of an answer, or the best that can be said without one. */
export function describeFailure(status: number, body: string): string {
  try {
    return failureSentence(status, JSON.parse(body));
  } catch {
    // Not JSON: a proxy in between answered.
    return failureSentence(status, null);
  }
}

/** What a proxy says in the place of a server that it doesn't reach. */
const UNREACHED = [502, 504];

/** The server's own sentence (`detail` of its JSON error), or the best that can be said without one. */
export function failureSentence(status: number, error: unknown): string {
  if (typeof error === "object" && error !== null && "detail" in error) {
    if (typeof error.detail === "string" && error.detail !== "") return error.detail;
  }
  if (UNREACHED.includes(status)) return t("error.unreached");
  return t("error.status", { status: String(status) });
}
