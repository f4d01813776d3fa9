import { useT } from "../i18n";
import { Select, Slider, Switch } from "../ui/kit";
import { RANGES, SAVE_FORMATS } from "./settings";
import { set, useSettings } from "./store";

/** What results are saved as. The settings dialog and the save dialog show the same. */
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
          set({ saveFormat: value });
        }}
      />
      {saveFormat !== "png" && (
        <Slider
          label={t("settings.saveQuality")}
          hint={t("settings.saveQuality.hint")}
          value={saveQuality}
          {...RANGES.saveQuality}
          onChange={(value) => {
            set({ saveQuality: value });
          }}
        />
      )}
      <Switch
        label={t("settings.downloadMask")}
        hint={t("settings.downloadMask.hint")}
        checked={downloadMask}
        onChange={(checked) => {
          set({ downloadMask: checked });
        }}
      />
    </div>
  );
}
