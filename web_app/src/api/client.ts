import createClient from "openapi-fetch";
import { pageBase } from "./base";
import { failureSentence, UserError } from "./errors";
import { request } from "./http";
import type { paths } from "./schema";

/** The server's API, typed by its own description. */
export const api = createClient<paths>({ baseUrl: pageBase().replace(/\/$/, ""), fetch: request });

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * What was answered.
 *
 * @throws {UserError} with the server's sentence where it refused; what `fetch` throws where it wasn't reached.
 */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new UserError(failureSentence(response.status, error));
  return data as T;
}
