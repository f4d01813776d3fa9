const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Formats a size in bytes with 3 significant digits and decimal units (1 kB = 1000 bytes). */
export function formatBytes(bytes: number, language: string): string {
  const exponent = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  return (bytes / 1000 ** exponent).toLocaleString(language, {
    style: "unit",
    unit: UNITS[exponent],
    unitDisplay: "short",
    maximumSignificantDigits: 3,
  });
}
