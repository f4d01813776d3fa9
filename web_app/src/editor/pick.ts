/** What a file is picked for. */
export type Purpose = "picture" | "mask";

const fields = new Map<Purpose, HTMLInputElement>();

/** Tells which field of the page picks files for something; null where it is gone. */
export function setPicker(purpose: Purpose, field: HTMLInputElement | null): void {
  if (field) fields.set(purpose, field);
  else fields.delete(purpose);
}

/** Has the person pick a file. */
export function pick(purpose: Purpose): void {
  fields.get(purpose)?.click();
}
