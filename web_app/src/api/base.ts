/**
 * Returns the page's base URL with a trailing slash. All requests are relative to it, so the page works under
 * any path.
 */
export function pageBase(): string {
  return new URL(".", document.baseURI).href;
}
