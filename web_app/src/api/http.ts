import { useKey } from "./key";

const UNAUTHORIZED = 401;

/** `fetch` for the server's API: notices when the server wants a key. Addresses are relative to the page. */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (response.status === UNAUTHORIZED) useKey.setState({ needed: true });
  return response;
}
