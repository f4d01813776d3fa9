/** Maximum length of a file name in bytes of UTF-8 on common file systems, the server's included. */
const MAX_BYTES = 255;

/**
 * Returns a file name in the form used for comparisons: NFC, lower case. File systems of macOS and Windows
 * ignore case, and macOS writes "é" as "e" and a combining accent (NFD).
 */
export function comparableName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/**
 * Joins a stem and a suffix; truncates the stem at a character boundary so that the name has at most 255
 * bytes.
 */
export function joinName(stem: string, suffix: string): string {
  const encoder = new TextEncoder();
  let room = MAX_BYTES - encoder.encode(suffix).length;
  let kept = "";
  for (const character of stem) {
    room -= encoder.encode(character).length;
    if (room < 0) break;
    kept += character;
  }
  return kept + suffix;
}
