import { t } from "../i18n";

/** An error whose message is shown to the user. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/**
 * Returns true for a {@link UserError}. Compares the name, since errors lose their class when they cross a
 * worker boundary.
 */
export function isUserError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === "UserError";
}

/** Returns the message to show for any thrown value. */
export function errorMessage(thrown: unknown): string {
  if (thrown instanceof UserError) return thrown.message;
  // `fetch` throws a TypeError for network failures.
  if (thrown instanceof TypeError) return t("error.unreachable");
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Returns true if the operation was aborted by its signal. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === "AbortError";
}

/** Returns the message of an error response's body, or a generic one for the status. */
export function describeFailure(status: number, body: string): string {
  try {
    return failureMessage(status, JSON.parse(body));
  } catch {
    // Not JSON: the response of a proxy in between.
    return failureMessage(status, null);
  }
}

/** Status codes of proxies that can't reach the server. */
const GATEWAY_ERRORS = [502, 504];

/** Returns the server's message (`detail` of its JSON error), or a generic one for the status. */
export function failureMessage(status: number, error: unknown): string {
  if (typeof error === "object" && error !== null && "detail" in error) {
    if (typeof error.detail === "string" && error.detail !== "") return error.detail;
  }
  if (GATEWAY_ERRORS.includes(status)) return t("error.unreachable");
  return t("error.status", { status: String(status) });
}
