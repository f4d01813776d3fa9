import { describeFailure, UserError } from "./errors";
import { request } from "./http";

export interface SaveOptions {
  /** Replaces a file of the same name; otherwise the server appends a number to the new name. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

/** Saves a result in the server's output folder; returns the name that the server chose. */
export async function saveOnServer(
  name: string,
  result: Blob,
  { overwrite = false, signal }: SaveOptions = {},
): Promise<string> {
  const form = new FormData();
  form.append("file", result, name);
  const response = await request(`api/v1/save_image${overwrite ? "?overwrite=true" : ""}`, {
    method: "POST",
    body: form,
    ...(signal && { signal }),
  });
  if (!response.ok) throw new UserError(describeFailure(response.status, await response.text()));
  const saved: unknown = await response.json();
  const named = typeof saved === "object" && saved !== null && "filename" in saved;
  return named && typeof saved.filename === "string" ? saved.filename : name;
}
