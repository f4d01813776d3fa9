import type { ImageDocument } from "../../core/document";
import type { Point } from "../../core/geometry";
import { encodePng } from "../../core/png";

/** A JPEG and the changes since it was opened. */
export interface JpegChanges {
  /** The file as opened. */
  readonly file: Blob;
  /** The new pixels as a PNG, transparent where unchanged, and their position; null if no pixel changed. */
  readonly change: { readonly patch: Blob; readonly at: Point } | null;
}

/** Encodes the changes of an image since its file was opened; null if its size changed. */
export async function encodeJpegChanges(file: Blob, document: ImageDocument): Promise<JpegChanges | null> {
  if (document.isResized) return null;
  const changes = document.changes();
  if (!changes) return { file, change: null };
  const patch = await encodePng({ ...changes.pixels, channels: 4 });
  return { file, change: { patch, at: { x: changes.box.x, y: changes.box.y } } };
}
