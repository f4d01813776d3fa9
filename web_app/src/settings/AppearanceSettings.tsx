import { LANGUAGES, useT } from "../i18n";
import { Select, type Option } from "../ui/kit";
import { THEMES, type Settings } from "./settings";
import { updateSettings, useSettings } from "./store";

/** Language and theme settings. */
export function AppearanceSettings() {
  const t = useT();
  const { language, theme } = useSettings();
  const languages: Option<Settings["language"]>[] = [
    { value: "auto", label: t("settings.language.auto") },
    // Languages are listed by their own names, readable in any current language.
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
          updateSettings({ language: value });
        }}
      />
      <Select
        label={t("settings.theme")}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`settings.theme.${value}`) }))}
        onChange={(value) => {
          updateSettings({ theme: value });
        }}
      />
    </div>
  );
}
