import { useT } from "../i18n";
import { Select, Slider, Switch } from "../ui/kit";
import { RANGES, SAVE_FORMATS } from "./settings";
import { updateSettings, useSettings } from "./store";

/**
 * Output format and quality, shared by the settings dialog and the save dialog. `keepsJpeg`: the format is
 * that of an opened JPEG, which keeps its quality.
 */
export function SavingSettings({ keepsJpeg = false }: { keepsJpeg?: boolean }) {
  const t = useT();
  const { saveFormat, saveQuality, downloadMask } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Select
        label={t("settings.saveFormat")}
        hint={keepsJpeg ? t("save.keepsJpeg") : undefined}
        value={saveFormat}
        options={SAVE_FORMATS.map((value) => ({ value, label: t(`settings.saveFormat.${value}`) }))}
        onChange={(value) => {
          updateSettings({ saveFormat: value });
        }}
      />
      {saveFormat !== "png" && !keepsJpeg && (
        <Slider
          label={t("settings.saveQuality")}
          hint={t(saveFormat === "same" ? "settings.saveQuality.hint.same" : "settings.saveQuality.hint")}
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
