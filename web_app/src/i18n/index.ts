import { create } from "zustand";
import en from "./en.json";
import { bestLanguage, format, pluralKey, type Values } from "./format";

/** The supported languages, each with its name in that language. */
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" } as const;

export type Language = keyof typeof LANGUAGES;

type Catalogue = Readonly<Record<string, string>>;

type Stem<Key extends string> = Key extends `${infer Start}#${string}` ? Start : Key;

/** A key of en.json, without the plural suffix (`#one`, `#other`). */
export type MessageKey = Stem<keyof typeof en>;

export type Translate = (key: MessageKey, values?: Values) => string;

interface Translation {
  readonly language: Language;
  readonly t: Translate;
}

const useTranslation = create<Translation>(() => translation("en", en));

function translation(language: Language, catalogue: Catalogue): Translation {
  const messages: Readonly<Partial<Catalogue>> = catalogue;
  const translate: Translate = (key, values = {}) => {
    const { count } = values;
    const plural = typeof count === "number" ? messages[pluralKey(key, count, language)] : undefined;
    return format(plural ?? messages[key] ?? messages[`${key}#other`] ?? key, values, language);
  };
  return { language, t: translate };
}

/** Returns the supported language that best matches the browser's preferences. */
export function browserLanguage(): Language {
  return bestLanguage(navigator.languages, ["en", "zh-CN"]);
}

let requested: Language = "en";

/** Switches the page to a language. Resolves after its messages are loaded and shown. */
export async function setLanguage(language: Language): Promise<void> {
  requested = language;
  const catalogue = language === "en" ? en : (await import("./zh-CN.json")).default;
  // A later call may have requested another language during the import.
  if (requested !== language) return;
  document.documentElement.lang = language;
  useTranslation.setState(translation(language, catalogue));
}

/**
 * Returns a message in the current language. Components use {@link useT}, which re-renders on a language
 * change.
 */
export const t: Translate = (key, values) => useTranslation.getState().t(key, values);

/** Returns {@link t} and re-renders the component when the language changes. */
export function useT(): Translate {
  return useTranslation((state) => state.t);
}

/** Returns the current language, for `Intl`. */
export function useLanguage(): Language {
  return useTranslation((state) => state.language);
}
