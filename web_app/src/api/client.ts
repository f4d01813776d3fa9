import createClient from "openapi-fetch";
import { pageBase } from "./base";
import { failureMessage, UserError } from "./errors";
import { request } from "./http";
import type { paths } from "./schema";

/** Client of the server's API, typed by its OpenAPI description. */
export const api = createClient<paths>({ baseUrl: pageBase().replace(/\/$/, ""), fetch: request });

interface ApiResponse<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/**
 * Returns the body of a successful response.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 */
export async function unwrap<T>(call: Promise<ApiResponse<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new UserError(failureMessage(response.status, error));
  return data as T;
}
