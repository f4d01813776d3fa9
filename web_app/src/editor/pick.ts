/** Purpose of a file input. */
export type Purpose = "image" | "mask";

const inputs = new Map<Purpose, HTMLInputElement>();

/** Registers the file input for a purpose; null removes it. */
export function setPicker(purpose: Purpose, input: HTMLInputElement | null): void {
  if (input) inputs.set(purpose, input);
  else inputs.delete(purpose);
}

/** Opens the file picker for a purpose. */
export function openFilePicker(purpose: Purpose): void {
  inputs.get(purpose)?.click();
}
