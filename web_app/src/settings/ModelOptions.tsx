import { useCurrentModel } from "../api/queries";
import { useT } from "../i18n";
import { Select, Slider } from "../ui/kit";
import { CV2_FLAGS, RANGES } from "./settings";
import { updateSettings, useSettings } from "./store";

/** Options of the current model. Most models have none. */
export function ModelOptions() {
  const { data: model } = useCurrentModel();
  return model?.name === "cv2" ? <Cv2Options /> : null;
}

function Cv2Options() {
  const t = useT();
  const { cv2Flag, cv2Radius } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Select
        label={t("options.cv2Flag")}
        value={cv2Flag}
        options={CV2_FLAGS.map((value) => ({ value, label: t(`options.cv2Flag.${value}`) }))}
        onChange={(value) => {
          updateSettings({ cv2Flag: value });
        }}
      />
      <Slider
        label={t("options.cv2Radius")}
        hint={t("options.cv2Radius.hint")}
        value={cv2Radius}
        {...RANGES.cv2Radius}
        format={(radius) => `${radius} px`}
        onChange={(value) => {
          updateSettings({ cv2Radius: value });
        }}
      />
    </div>
  );
}
