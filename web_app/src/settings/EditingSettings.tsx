import { useT } from "../i18n";
import { NumberField, Select, Slider, Switch } from "../ui/kit";
import { MASK_COLOUR_NAMES, RANGES } from "./settings";
import { updateSettings, useSettings } from "./store";

/** Manual mode, the mask of fills, and the appearance of the mask. */
export function EditingSettings() {
  const t = useT();
  const { manual, maskGrowth, maskFeather, coverStrokes, maskColour, maskHatch, maskOpacity } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Switch
        label={t("settings.manual")}
        hint={t("settings.manual.hint")}
        checked={manual}
        onChange={(checked) => {
          updateSettings({ manual: checked });
        }}
      />
      <NumberField
        label={t("settings.maskGrowth")}
        hint={t("settings.maskGrowth.hint")}
        value={maskGrowth}
        unit="px"
        {...RANGES.maskGrowth}
        onChange={(value) => {
          updateSettings({ maskGrowth: Math.round(value) });
        }}
      />
      <NumberField
        label={t("settings.maskFeather")}
        hint={t("settings.maskFeather.hint")}
        value={maskFeather}
        unit="px"
        {...RANGES.maskFeather}
        onChange={(value) => {
          updateSettings({ maskFeather: Math.round(value) });
        }}
      />
      <Switch
        label={t("settings.coverStrokes")}
        hint={t("settings.coverStrokes.hint")}
        checked={coverStrokes}
        onChange={(checked) => {
          updateSettings({ coverStrokes: checked });
        }}
      />
      <Select
        label={t("settings.maskColour")}
        value={maskColour}
        options={MASK_COLOUR_NAMES.map((value) => ({ value, label: t(`settings.maskColour.${value}`) }))}
        onChange={(value) => {
          updateSettings({ maskColour: value });
        }}
      />
      <Switch
        label={t("settings.maskHatch")}
        hint={t("settings.maskHatch.hint")}
        checked={maskHatch}
        onChange={(checked) => {
          updateSettings({ maskHatch: checked });
        }}
      />
      <Slider
        label={t("settings.maskOpacity")}
        value={Math.round(maskOpacity * 100)}
        min={RANGES.maskOpacity.min * 100}
        max={RANGES.maskOpacity.max * 100}
        format={(percent) => `${percent}%`}
        onChange={(percent) => {
          updateSettings({ maskOpacity: percent / 100 });
        }}
      />
    </div>
  );
}
