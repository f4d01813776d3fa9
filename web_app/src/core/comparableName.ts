/**
 * The form of a file name to compare it by: case and Unicode normalisation make no difference, as on the disks of macOS
 * and Windows. macOS writes "é" as "e" and an accent (NFD), other systems write one code point (NFC).
 */
export function comparableName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}
