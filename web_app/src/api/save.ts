import { describeFailure, UserError } from "./errors";
import { request } from "./http";

export interface SaveOptions {
  /** Whether a file of the same name is replaced; otherwise the new one gets a number. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

/** Saves a result in the server's output folder; answers the name that it got there. */
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
