import type { Box, Size } from "../core/geometry";
import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import { parsePatchBox } from "./patch";

/** The filled rectangle, as the server answered it. */
export interface FilledPatch {
  readonly box: Box;
  /** A PNG of the size of `box`. */
  readonly png: Blob;
}

/**
 * Asks the server to fill the white pixels of `mask` (a PNG of the picture's size).
 *
 * @throws {UserError} with the server's sentence where it refuses; what `fetch` throws where it isn't reached or the
 * signal aborts.
 */
export async function inpaint(
  image: Blob,
  mask: Blob,
  picture: Size,
  signal: AbortSignal,
): Promise<FilledPatch> {
  const form = new FormData();
  form.append("image", image, "image.png");
  form.append("mask", mask, "mask.png");
  form.append("options", JSON.stringify({ result: "patch" }));
  const response = await request("api/v1/inpaint", { method: "POST", body: form, signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const box = parsePatchBox(response.headers.get("X-Patch-Box"), picture);
  if (!box) throw new UserError("The server's answer doesn't say where it belongs.");
  return { box, png: await response.blob() };
}
