import { useT } from "../i18n";
import { Select, Slider, Switch } from "../ui/kit";
import { RANGES, SAVE_FORMATS } from "./settings";
import { updateSettings, useSettings } from "./store";

/** Output format and quality, shared by the settings dialog and the save dialog. */
export function SavingSettings() {
  const t = useT();
  const { saveFormat, saveQuality, downloadMask } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Select
        label={t("settings.saveFormat")}
        value={saveFormat}
        options={SAVE_FORMATS.map((value) => ({ value, label: t(`settings.saveFormat.${value}`) }))}
        onChange={(value) => {
          updateSettings({ saveFormat: value });
        }}
      />
      {saveFormat !== "png" && (
        <Slider
          label={t("settings.saveQuality")}
          hint={t("settings.saveQuality.hint")}
          value={saveQuality}
          {...RANGES.saveQuality}
          onChange={(value) => {
            updateSettings({ saveQuality: value });
          }}
        />
      )}
      <Switch
        label={t("settings.downloadMask")}
        hint={t("settings.downloadMask.hint")}
        checked={downloadMask}
        onChange={(checked) => {
          updateSettings({ downloadMask: checked });
        }}
      />
    </div>
  );
}
