import type { Box } from "../core/geometry";
import { t } from "../i18n";
import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import { parsePatchBox } from "./patch";

/** An inpainting request for an image or a part of it. */
export interface InpaintRequest {
  readonly image: Blob;
  /** Mask of the image's size: white is filled. */
  readonly mask: Blob;
  /** Position of the uploaded part in the open image. */
  readonly box: Box;
  /** Further fields of the request. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Id under which the server reports the job's progress. */
  readonly jobId: string;
}

/** The filled rectangle returned by the server. */
export interface FilledPatch {
  /** Position in the uploaded image. */
  readonly box: Box;
  /** A PNG of the size of `box`; its alpha is the final mask. */
  readonly png: Blob;
}

/**
 * Requests the fill of a hole.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 * @throws {DOMException} `AbortError` if the signal aborts.
 */
export async function inpaint(
  { image, mask, box: uploaded, options, jobId }: InpaintRequest,
  signal: AbortSignal,
): Promise<FilledPatch> {
  const form = new FormData();
  form.append("image", image, "image.png");
  form.append("mask", mask, "mask.png");
  form.append("options", JSON.stringify({ ...options, result: "layer" }));
  const headers = { "X-Job-Id": jobId };
  const response = await request("api/v1/inpaint", { method: "POST", headers, body: form, signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const box = parsePatchBox(response.headers.get("X-Patch-Box"), uploaded);
  if (!box) throw new UserError(t("error.responseUnreadable"));
  return { box, png: await response.blob() };
}
