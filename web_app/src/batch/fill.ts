import type { JobListener } from "../api/events";
import { pluginRequest, pluginUrl } from "../api/plugins";
import { t } from "../i18n";
import { UserError } from "../api/errors";
import { sendJob } from "./request";
import { sourceOf, type PluginRule } from "./rules";

export interface FillRequest {
  readonly image: File;
  readonly mask: Blob;
  /** Further fields of the request. */
  readonly options: Record<string, string | number | boolean>;
}

/** Requests the fill of an image, see {@link sendJob}; the result has the image's format. */
export function fill(
  { image, mask, options }: FillRequest,
  signal: AbortSignal,
  onProgress: JobListener,
): Promise<Blob> {
  const create = (jobId: string): RequestInit => {
    const form = new FormData();
    form.append("image", image, image.name);
    form.append("mask", mask, "mask.png");
    form.append("options", JSON.stringify(options));
    return { method: "POST", headers: { "X-Job-Id": jobId }, body: form };
  };
  return sendJob("api/v1/inpaint", create, signal, onProgress);
}

/** Encodes the mask of a plugin's objects, or of everything else; null if there is no object. */
export type MaskEncoder = (file: Blob, invert: boolean) => Promise<Blob | null>;

/** Requests the mask of a rule for an image, see {@link sendJob}; null if nothing is to be filled. */
export async function selectIn(
  { image, rule }: { readonly image: File; readonly rule: PluginRule },
  encodeMask: MaskEncoder,
  signal: AbortSignal,
  onProgress: JobListener,
): Promise<Blob | null> {
  const { fields, invert } = sourceOf(rule);
  const create = (jobId: string) => pluginRequest({ fields, image, jobId });
  const file = await sendJob(pluginUrl("mask"), create, signal, onProgress);
  return encodeMask(file, invert).catch(() => {
    throw new UserError(t("error.responseUnreadable"));
  });
}
