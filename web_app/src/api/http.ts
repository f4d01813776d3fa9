import { useKey } from "./key";

const UNAUTHORIZED = 401;

/** Calls `fetch` and requests an API key from the user on 401. URLs are relative to the page. */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { acceptedCount } = useKey.getState();
  const response = await fetch(input, init);
  // Ignores a 401 that was in flight while a key was accepted.
  if (response.status === UNAUTHORIZED && useKey.getState().acceptedCount === acceptedCount)
    useKey.setState({ required: true });
  return response;
}
