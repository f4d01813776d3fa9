/** Longest file name in bytes of UTF-8 on most disks, the server's among them. */
const MAX_BYTES = 255;

/**
 * The form of a file name to compare it by: case and Unicode normalisation make no difference, as on the disks of macOS
 * and Windows. macOS writes "é" as "e" and an accent (NFD), other systems write one code point (NFC).
 */
export function comparableName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** A stem and its suffix as one name of at most 255 bytes: the stem is cut at a character where they would be longer. */
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
