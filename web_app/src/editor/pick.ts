let input: HTMLInputElement | null = null;

/** Tells which field of the page picks pictures. */
export function setPicker(element: HTMLInputElement | null): void {
  input = element;
}

/** Has the person pick a picture. */
export function pickPicture(): void {
  input?.click();
}
