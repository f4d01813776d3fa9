import { create } from "zustand";
import { persist } from "zustand/middleware";
import { browserLanguage, setLanguage } from "../i18n";
import { DEFAULTS, readSettings, type Settings } from "./settings";

/** The settings store, persisted in this browser. Changed with {@link updateSettings}. */
export const useSettings = create<Settings>()(
  persist(() => DEFAULTS, {
    name: "iopaint.settings",
    version: 1,
    migrate: readSettings,
    merge: readSettings,
  }),
);

/** Changes settings. */
export function updateSettings(change: Partial<Settings>): void {
  useSettings.setState(change);
}

/** Applies theme and language, now and on every change. Resolves after the language's messages are loaded. */
export function applySettings(): Promise<void> {
  useSettings.subscribe((current, previous) => {
    if (current.theme !== previous.theme) applyTheme(current);
    if (current.language !== previous.language) void applyLanguage(current);
  });
  applyTheme(useSettings.getState());
  return applyLanguage(useSettings.getState());
}

function applyTheme({ theme }: Settings): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

function applyLanguage({ language }: Settings): Promise<void> {
  return setLanguage(language === "auto" ? browserLanguage() : language);
}
