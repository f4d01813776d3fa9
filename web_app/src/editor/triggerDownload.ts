/** Delay before the object URL is revoked. The download must have started by then. */
const REVOKE_DELAY_MS = 60_000;

/** Starts a browser download of a file. */
export function triggerDownload(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, REVOKE_DELAY_MS);
}
