import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import type { components } from "./schema";

/** Something besides filling that the server can do to a picture. */
export type Plugin = components["schemas"]["PluginInfo"];

/** What a plugin answers: another picture, or a mask. */
export type PluginResult = "image" | "mask";

export interface PluginCall {
  readonly name: string;
  readonly result: PluginResult;
  readonly image: Blob;
  /** Places in the picture: x, y, and 1 where it belongs to the object or 0 where it doesn't. */
  readonly clicks?: readonly (readonly [number, number, 0 | 1])[];
  /** How many times larger the result is to be. */
  readonly scale?: number;
}

/**
 * Has a plugin work on a picture.
 *
 * @throws {UserError} with the server's sentence where it refuses; what `fetch` throws where it isn't reached or the
 * signal aborts.
 */
export async function runPlugin({ result, image, ...rest }: PluginCall, signal: AbortSignal): Promise<Blob> {
  const response = await request(`api/v1/run_plugin_gen_${result}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...rest, image: await dataUrl(image) }),
    signal,
  });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  return response.blob();
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      resolve(reader.result as string);
    };
    reader.onerror = () => {
      reject(reader.error ?? new Error("not read"));
    };
    reader.readAsDataURL(blob);
  });
}
