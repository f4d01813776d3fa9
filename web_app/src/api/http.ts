import { useKey } from "./key";

const UNAUTHORIZED = 401;

/** `fetch` for the server's API: notices when the server wants a key. Addresses are relative to the page. */
export async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const { taken } = useKey.getState();
  const response = await fetch(input, init);
  // A refusal that was under way while the key was taken says nothing any more.
  if (response.status === UNAUTHORIZED && useKey.getState().taken === taken)
    useKey.setState({ needed: true });
  return response;
}
