import { Zip, ZipPassThrough } from "fflate";

export interface ZipEntry {
  readonly name: string;
  readonly blob: Blob;
}

/**
 * Writes a ZIP archive without compression, since images are compressed already; reads the blobs as streams.
 */
export async function zip(entries: readonly ZipEntry[], modified: Date): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let failure: unknown = null;
  const archive = new Zip((error, chunk) => {
    failure ??= error;
    parts.push(chunk);
  });
  for (const { name, blob } of entries) {
    const file = new ZipPassThrough(name);
    file.mtime = modified;
    archive.add(file);
    const reader = blob.stream().getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) file.push(piece.value);
    file.push(new Uint8Array(), true);
  }
  archive.end();
  if (failure !== null) throw failure instanceof Error ? failure : new Error("The archive can't be written.");
  return new Blob(parts, { type: "application/zip" });
}

/**
 * Splits entries, in order, into archives of at most `limit` bytes; a larger entry gets an archive to itself.
 */
export function partition(entries: readonly ZipEntry[], limit: number): ZipEntry[][] {
  const parts: ZipEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    const last = parts.at(-1);
    if (last && entry.blob.size <= room) last.push(entry);
    else {
      parts.push([entry]);
      room = limit;
    }
    room -= entry.blob.size;
  }
  return parts;
}
