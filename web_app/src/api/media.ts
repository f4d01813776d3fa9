import { describeFailure, UserError } from "./errors";
import { request } from "./http";
import type { components, paths } from "./schema";

/** The server's folders of pictures. */
export const MEDIA_TABS = ["input", "output", "mask"] as const satisfies readonly MediaTab[];
export type MediaTab = paths["/api/v1/medias"]["get"]["parameters"]["query"]["tab"];

/** A picture in one of them. */
export type Media = components["schemas"]["MediaInfo"];

/** The pictures of a folder, by name. */
export async function listMedia(tab: MediaTab, signal: AbortSignal): Promise<Media[]> {
  const response = await request(`api/v1/medias?${new URLSearchParams({ tab })}`, { signal });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  return (await response.json()) as Media[];
}

/** Where a small copy of a picture is. */
export function thumbnailUrl(tab: MediaTab, filename: string, width: number): string {
  return `api/v1/media_thumbnail_file?${new URLSearchParams({ tab, filename, width: String(width) })}`;
}

/** A picture of a folder, as it is. */
export async function mediaFile(tab: MediaTab, filename: string): Promise<File> {
  return fileOf(await request(`api/v1/media_file?${new URLSearchParams({ tab, filename })}`), filename);
}

/** The picture that the server was started with; null where it was started without. */
export async function inputImage(): Promise<File | null> {
  const response = await request("api/v1/inputimage");
  const type = response.headers.get("Content-Type") ?? "";
  // Without one the answer is a JSON error with the status 200, as IOPaint's clients expect.
  if (!response.ok || !type.startsWith("image/")) return null;
  return fileOf(response, nameOf(response.headers.get("Content-Disposition")) ?? "image");
}

async function fileOf(response: Response, name: string): Promise<File> {
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const blob = await response.blob();
  return new File([blob], name, { type: blob.type });
}

/** The file's name in `Content-Disposition` (RFC 6266): `filename*` before `filename`. */
export function nameOf(disposition: string | null): string | null {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? "")?.[1];
  if (encoded) {
    try {
      return decodeURIComponent(encoded.trim());
    } catch {
      // The plain name may still do.
    }
  }
  return (
    /filename="([^"]+)"/i.exec(disposition ?? "")?.[1] ??
    /filename=([^;"\s]+)/i.exec(disposition ?? "")?.[1] ??
    null
  );
}
