import { LANGUAGES, useT } from "../i18n";
import { Select, type Option } from "../ui/kit";
import { THEMES, type Settings } from "./settings";
import { set, useSettings } from "./store";

/** Language and theme. */
export function AppearanceSettings() {
  const t = useT();
  const { language, theme } = useSettings();
  const languages: Option<Settings["language"]>[] = [
    { value: "auto", label: t("settings.language.auto") },
    // A language's name for itself is found by those who can't read the page.
    { value: "en", label: LANGUAGES.en },
    { value: "zh-CN", label: LANGUAGES["zh-CN"] },
  ];
  return (
    <div className="flex flex-col gap-2">
      <Select
        label={t("settings.language")}
        value={language}
        options={languages}
        onChange={(value) => {
          set({ language: value });
        }}
      />
      <Select
        label={t("settings.theme")}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
        onChange={(value) => {
          set({ theme: value });
        }}
      />
    </div>
  );
}
