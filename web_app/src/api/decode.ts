import { describeFailure, sentenceOf, UserError } from "./errors";
import { request } from "./http";

/**
 * Asks the server for an upright PNG of a picture in any format that it reads.
 *
 * @throws {UserError} with the server's sentence where it refuses, or with the reason why it isn't reached.
 */
export async function serverCopy(file: Blob): Promise<Blob> {
  const form = new FormData();
  form.append("image", file, "image");
  try {
    const response = await request("api/v1/decode", { method: "POST", body: form });
    if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
    return await response.blob();
  } catch (thrown) {
    throw new UserError(sentenceOf(thrown));
  }
}
