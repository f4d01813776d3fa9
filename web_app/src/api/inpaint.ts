import type { Box } from "../core/geometry";
import { t } from "../i18n";
import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import { parsePatchBox } from "./patch";

/** A picture, or a part of one, whose hole is to be filled. */
export interface Hole {
  readonly image: Blob;
  /** White where the hole is; of the image's size. */
  readonly mask: Blob;
  /** Where in the picture the image lies. */
  readonly box: Box;
  /** The other fields of the request. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** The name under which the server tells of the job. */
  readonly job: string;
}

/** The filled rectangle, as the server answered it. */
export interface FilledPatch {
  /** Its place in the image that was sent. */
  readonly box: Box;
  /** A PNG of the size of `box`. */
  readonly png: Blob;
}

/**
 * Asks the server to fill a hole.
 *
 * @throws {UserError} with the server's sentence where it refuses; what `fetch` throws where it isn't reached or the
 * signal aborts.
 */
export async function inpaint(
  { image, mask, box: sent, options, job }: Hole,
  signal: AbortSignal,
): Promise<FilledPatch> {
  const form = new FormData();
  form.append("image", image, "image.png");
  form.append("mask", mask, "mask.png");
  form.append("options", JSON.stringify({ ...options, result: "patch" }));
  const headers = { "X-Job-Id": job };
  const response = await request("api/v1/inpaint", { method: "POST", headers, body: form, signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const box = parsePatchBox(response.headers.get("X-Patch-Box"), sent);
  if (!box) throw new UserError(t("error.answerUnreadable"));
  return { box, png: await response.blob() };
}
