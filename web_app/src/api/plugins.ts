import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import type { components } from "./schema";

/** A plugin of the server: an operation other than inpainting. */
export type Plugin = components["schemas"]["PluginInfo"];

/** Kind of a plugin's result: another image, or a mask. */
export type PluginResult = "image" | "mask";

export interface PluginCall {
  readonly name: string;
  readonly result: PluginResult;
  readonly image: Blob;
  /** Points in the image as x, y and label: 1 is foreground, 0 is background. */
  readonly clicks?: readonly (readonly [number, number, 0 | 1])[];
  /** Scale factor of the result. */
  readonly scale?: number;
}

/**
 * Runs a plugin on an image.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 * @throws {DOMException} `AbortError` if the signal aborts.
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
      reject(reader.error ?? new Error("The image can't be read."));
    };
    reader.readAsDataURL(blob);
  });
}
