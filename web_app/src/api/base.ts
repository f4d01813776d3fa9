/** Where the page lies, with a slash at its end: all addresses start here, so that any sub-path works. */
export function pageBase(): string {
  return new URL(".", document.baseURI).href;
}
