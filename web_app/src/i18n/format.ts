/** Values for the `{placeholders}` of a message. */
export type Values = Readonly<Record<string, string | number>>;

/**
 * Substitutes values for the placeholders of a message. Numbers are formatted for the language. Placeholders
 * without a value are left in place, which makes the mistake visible.
 */
export function format(message: string, values: Values, language: string): string {
  return message.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? value.toLocaleString(language) : value;
  });
}

/**
 * Returns the catalogue key for a count: `key#one`, `key#other`, by the language's plural rules (Unicode
 * CLDR).
 */
export function pluralKey(key: string, count: number, language: string): string {
  return `${key}#${new Intl.PluralRules(language).select(count)}`;
}

/**
 * Returns the available language that matches the preferred tags best. An exact match of a tag precedes one
 * of its primary language; without any match, the first available language is returned.
 *
 * @param preferred BCP 47 tags, most preferred first.
 */
export function bestLanguage<T extends string>(
  preferred: readonly string[],
  available: readonly [T, ...T[]],
): T {
  for (const tag of preferred) {
    const exact = available.find((language) => language.toLowerCase() === tag.toLowerCase());
    if (exact) return exact;
    const primary = tag.split("-")[0]?.toLowerCase();
    const related = available.find((language) => language.split("-")[0]?.toLowerCase() === primary);
    if (related) return related;
  }
  return available[0];
}
