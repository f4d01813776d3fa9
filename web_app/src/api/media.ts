import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import type { components, paths } from "./schema";

/** Folders of images on the server. */
export const MEDIA_TABS = ["input", "output", "mask"] as const satisfies readonly MediaTab[];
export type MediaTab = paths["/api/v1/medias"]["get"]["parameters"]["query"]["tab"];

/** An image in a server folder. */
export type Media = components["schemas"]["MediaInfo"];

/** Lists the images of a folder. */
export async function listMedia(tab: MediaTab, signal: AbortSignal): Promise<Media[]> {
  const response = await request(`api/v1/medias?${new URLSearchParams({ tab })}`, { signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  return (await response.json()) as Media[];
}

/** Returns the URL of an image's thumbnail, `width` pixels wide. */
export function thumbnailUrl(tab: MediaTab, filename: string, width: number): string {
  return `api/v1/media_thumbnail_file?${new URLSearchParams({ tab, filename, width: String(width) })}`;
}

/** Downloads an image of a folder unchanged. */
export async function mediaFile(tab: MediaTab, filename: string): Promise<File> {
  return fileOf(await request(`api/v1/media_file?${new URLSearchParams({ tab, filename })}`), filename);
}

/** Downloads the image that the server was started with; null if there is none. */
export async function inputImage(): Promise<File | null> {
  const response = await request("api/v1/inputimage");
  const type = response.headers.get("Content-Type") ?? "";
  // Without an input image the response is a JSON error with status 200, as in IOPaint.
  if (!response.ok || !type.startsWith("image/")) return null;
  return fileOf(response, nameOf(response.headers.get("Content-Disposition")) ?? "image");
}

async function fileOf(response: Response, name: string): Promise<File> {
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}

/** Parses the file name of `Content-Disposition` (RFC 6266): `filename*` takes precedence over `filename`. */
export function nameOf(disposition: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (encoded) {
    try {
      return decodeURIComponent(encoded.trim());
    } catch {
      // Malformed encoding: fall back to the plain name.
    }
  }
  return (
    /filename="([^"]+)"/i.exec(disposition ?? "")?.[1] ??
    /filename=([^;"\s]+)/i.exec(disposition ?? "")?.[1] ??
    null
  );
}
