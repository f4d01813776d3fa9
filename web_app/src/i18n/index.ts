import { create } from "zustand";
import en from "./en.json";
import { bestLanguage, format, pluralKey, type Values } from "./format";

/** The languages there are, with their own names for themselves. */
export const LANGUAGES = { en: "English", "zh-CN": "简体中文" } as const;

export type Language = keyof typeof LANGUAGES;

type Catalogue = Readonly<Record<string, string>>;

type Stem<Key extends string> = Key extends `${infer Start}#${string}` ? Start : Key;

/** What can be said: the keys of en.json. Messages that differ by number are named without their `#one`, `#other`. */
export type MessageKey = Stem<keyof typeof en>;

export type Translate = (key: MessageKey, values?: Values) => string;

interface Speech {
  readonly language: Language;
  readonly t: Translate;
}

const useSpeech = create<Speech>(() => speech("en", en));

function speech(language: Language, catalogue: Catalogue): Speech {
  const messages: Readonly<Partial<Catalogue>> = catalogue;
  const say: Translate = (key, values = {}) => {
    const { count } = values;
    const plural = typeof count === "number" ? messages[pluralKey(key, count, language)] : undefined;
    return format(plural ?? messages[key] ?? messages[`${key}#other`] ?? key, values, language);
  };
  return { language, t: say };
}

/** The language of those that are there which suits the browser best. */
export function browserLanguage(): Language {
  return bestLanguage(navigator.languages, ["en", "zh-CN"]);
}

let wanted: Language = "en";

/** Switches the page to a language; its texts are fetched first. */
export async function speak(language: Language): Promise<void> {
  wanted = language;
  const catalogue = language === "en" ? en : (await import("./zh-CN.json")).default;
  // Another language may have been chosen meanwhile.
  if (wanted !== language) return;
  document.documentElement.lang = language;
  useSpeech.setState(speech(language, catalogue));
}

/** A message in the current language. Components take {@link useT}, which draws them anew when the language changes. */
export const t: Translate = (key, values) => useSpeech.getState().t(key, values);

/** `t` for components. */
export function useT(): Translate {
  return useSpeech((state) => state.t);
}

/** The current language, for `Intl`. */
export function useLanguage(): Language {
  return useSpeech((state) => state.language);
}
