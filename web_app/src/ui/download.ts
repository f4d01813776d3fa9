/** How long a download may take to begin; it has its own hold on the bytes from then on. */
const HELD_MS = 60_000;

/** Hands a file to the browser. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, HELD_MS);
}
