import { create } from "zustand";
import { persist } from "zustand/middleware";
import { browserLanguage, speak } from "../i18n";
import { DEFAULTS, readSettings, type Settings } from "./settings";

/** A person's choices, kept in this browser. Change them with {@link set}. */
export const useSettings = create<Settings>()(
  persist(() => DEFAULTS, {
    name: "iopaint.settings",
    version: 1,
    migrate: readSettings,
    merge: readSettings,
  }),
);

/** Changes settings; what shows them follows at once. */
export function set(change: Partial<Settings>): void {
  useSettings.setState(change);
}

/** Brings theme and language in line with the settings, now and from now on. Resolves when the texts are there. */
export function followSettings(): Promise<void> {
  useSettings.subscribe((now, before) => {
    if (now.theme !== before.theme) applyTheme(now);
    if (now.language !== before.language) void applyLanguage(now);
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
  return speak(language === "auto" ? browserLanguage() : language);
}
