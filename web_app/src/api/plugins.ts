import type { PromptFields } from "../core/prompt";
import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import type { components } from "./schema";

/** A plugin of the server: an operation other than inpainting. */
export type Plugin = components["schemas"]["PluginInfo"];

/** Names of the plugins that the page uses. */
export type PluginName =
  "InteractiveSeg" | "TextMask" | "RemoveBG" | "RealESRGAN" | "AnimeSeg" | "GFPGAN" | "RestoreFormer";

/** Kind of a plugin's result: another image, or a mask. */
export type PluginResult = "image" | "mask";

/** Fields of a request besides its image. */
export interface PluginFields extends PromptFields {
  readonly name: PluginName;
  /** Scale factor of the result. */
  readonly scale?: number;
}

/** Body of a request. */
type RequestBody = PluginFields & { readonly image: string };

/** A plugin, its kind of result, and its input. */
export interface PluginCall {
  readonly result: PluginResult;
  readonly fields: PluginFields;
  readonly image: Blob;
  /** Id under which the server reports the job's progress. */
  readonly jobId: string;
}

/**
 * Runs a plugin on an image. A mask is a PNG of the image's size, transparent where nothing is masked.
 *
 * @throws {UserError} with the server's message for an error response.
 * @throws {TypeError} from `fetch` if the server is unreachable.
 * @throws {DOMException} `AbortError` if the signal aborts.
 */
export async function runPlugin(call: PluginCall, signal: AbortSignal): Promise<Blob> {
  const response = await request(pluginUrl(call.result), { ...(await pluginRequest(call)), signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  return response.blob();
}

/** Returns the URL of a plugin request. */
export function pluginUrl(result: PluginResult): string {
  return `api/v1/run_plugin_gen_${result}`;
}

/** Returns the request for a plugin. */
export async function pluginRequest({
  fields,
  image,
  jobId,
}: Omit<PluginCall, "result">): Promise<RequestInit> {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Job-Id": jobId },
    body: JSON.stringify({ ...fields, image: await dataUrl(image) } satisfies RequestBody),
  };
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
