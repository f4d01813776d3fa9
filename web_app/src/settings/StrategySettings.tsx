import { useT } from "../i18n";
import { NumberField, Select } from "../ui/kit";
import { RANGES, STRATEGIES } from "./settings";
import { updateSettings, useSettings } from "./store";

/** The strategy for large images and its parameters. */
export function StrategySettings() {
  const t = useT();
  const { strategy, cropTrigger, cropMargin, resizeLimit } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Select
        layout="column"
        label={t("settings.strategy")}
        hint={t(`settings.strategy.${strategy}.hint`)}
        value={strategy}
        options={STRATEGIES.map((value) => ({ value, label: t(`settings.strategy.${value}`) }))}
        onChange={(value) => {
          updateSettings({ strategy: value });
        }}
      />
      {strategy === "Crop" && (
        <>
          <NumberField
            label={t("settings.cropTrigger")}
            hint={t("settings.cropTrigger.hint")}
            value={cropTrigger}
            unit="px"
            {...RANGES.cropTrigger}
            onChange={(value) => {
              updateSettings({ cropTrigger: value });
            }}
          />
          <NumberField
            label={t("settings.cropMargin")}
            hint={t("settings.cropMargin.hint")}
            value={cropMargin}
            unit="px"
            {...RANGES.cropMargin}
            onChange={(value) => {
              updateSettings({ cropMargin: value });
            }}
          />
        </>
      )}
      {strategy === "Resize" && (
        <NumberField
          label={t("settings.resizeLimit")}
          hint={t("settings.resizeLimit.hint")}
          value={resizeLimit}
          unit="px"
          {...RANGES.resizeLimit}
          onChange={(value) => {
            updateSettings({ resizeLimit: value });
          }}
        />
      )}
    </div>
  );
}
