import { describeFailure, errorMessage, UserError } from "./errors";
import { request } from "./http";

/**
 * Requests an upright PNG of an image in any format that the server decodes.
 *
 * @throws {UserError} with the server's message, or with a message that the server is unreachable.
 */
export async function decodeOnServer(file: Blob): Promise<Blob> {
  const form = new FormData();
  form.append("image", file, "image");
  try {
    const response = await request("api/v1/decode", { method: "POST", body: form });
    if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
    return await response.blob();
  } catch (thrown) {
    throw new UserError(errorMessage(thrown));
  }
}
