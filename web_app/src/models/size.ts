const STEPS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** A length in bytes as people read it: 3 significant digits, in steps of 1000. */
export function sizeText(bytes: number, language: string): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), STEPS.length - 1);
  return (bytes / 1000 ** step).toLocaleString(language, {
    style: "unit",
    unit: STEPS[step],
    unitDisplay: "short",
    maximumSignificantDigits: 3,
  });
}
