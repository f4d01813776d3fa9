import { useCurrentModel } from "../api/queries";
import { useT } from "../i18n";
import { Select, Slider } from "../ui/kit";
import { CV2_FLAGS, LDM_SAMPLERS, RANGES } from "./settings";
import { set, useSettings } from "./store";

/** What the current model can be told besides picture and mask; nothing for most models. */
export function ModelOptions() {
  const { data: model } = useCurrentModel();
  if (model?.name === "cv2") return <Cv2Options />;
  if (model?.name === "ldm") return <LdmOptions />;
  return null;
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
          set({ cv2Flag: value });
        }}
      />
      <Slider
        label={t("options.cv2Radius")}
        hint={t("options.cv2Radius.hint")}
        value={cv2Radius}
        {...RANGES.cv2Radius}
        format={(radius) => `${radius} px`}
        onChange={(value) => {
          set({ cv2Radius: value });
        }}
      />
    </div>
  );
}

function LdmOptions() {
  const t = useT();
  const { ldmSteps, ldmSampler } = useSettings();
  return (
    <div className="flex flex-col gap-2">
      <Slider
        label={t("options.ldmSteps")}
        hint={t("options.ldmSteps.hint")}
        value={ldmSteps}
        {...RANGES.ldmSteps}
        onChange={(value) => {
          set({ ldmSteps: value });
        }}
      />
      <Select
        label={t("options.ldmSampler")}
        value={ldmSampler}
        options={LDM_SAMPLERS.map((value) => ({ value, label: value.toUpperCase() }))}
        onChange={(value) => {
          set({ ldmSampler: value });
        }}
      />
    </div>
  );
}
