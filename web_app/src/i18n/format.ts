/** Values for the `{placeholders}` of a message. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * Puts values into a message. Numbers are written as the language writes them. A placeholder without a value stays, so
 * that the mistake shows.
 */
export function format(message: string, values: Values, language: string): string {
  return message.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

/**
 * The key of a message that differs by number: `key#one`, `key#other`, as the language's plural rules
 * (Unicode CLDR) say for `count`.
 */
export function pluralKey(key: string, count: number, language: string): string {
  return `${key}#${new Intl.PluralRules(language).select(count)}`;
}

/** The best of the `offered` languages for someone who prefers `wanted`, best first; the first offered as a last resort. */
export function bestLanguage<T extends string>(wanted: readonly string[], offered: readonly [T, ...T[]]): T {
  for (const tag of wanted) {
    const exact = offered.find((language) => language.toLowerCase() === tag.toLowerCase());
    if (exact) return exact;
    const primary = tag.split("-")[0]?.toLowerCase();
    const related = offered.find((language) => language.split("-")[0]?.toLowerCase() === primary);
    if (related) return related;
  }
  return offered[0];
}
