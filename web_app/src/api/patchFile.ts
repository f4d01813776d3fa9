import type { Point } from "../core/geometry";
import { describeFailure, UserError } from "./errors";
import { request } from "./http";

/** New pixels for a rectangle of an image file. */
export interface FilePatch {
  readonly file: Blob;
  /** A PNG of the rectangle; transparent pixels are unchanged. */
  readonly patch: Blob;
  /** Position of the rectangle in the upright image. */
  readonly at: Point;
}

export interface PatchedFile {
  readonly file: Blob;
  /** Quality at which the server encoded the whole image; null if it replaced only the changed blocks. */
  readonly reencodedQuality: number | null;
}

/**
 * Requests an image file with new pixels, in its own format. In a JPEG, only changed blocks are encoded.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 */
export async function patchFile({ file, patch, at }: FilePatch): Promise<PatchedFile> {
  const form = new FormData();
  form.append("image", file, "image.jpg");
  form.append("patch", patch, "patch.png");
  form.append("x", String(at.x));
  form.append("y", String(at.y));
  const response = await request("api/v1/apply_patch", { method: "POST", body: form });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const quality = Number(response.headers.get("X-Jpeg-Reencoded") ?? 0);
  return { file: await response.blob(), reencodedQuality: quality || null };
}
