import { useState } from "react";
import { useT } from "../i18n";
import { Dialog, Tabs } from "../ui/kit";
import { AppearanceSettings } from "./AppearanceSettings";
import { EditingSettings } from "./EditingSettings";
import { PluginSettings, usePluginModels } from "./PluginSettings";
import { SavingSettings } from "./SavingSettings";
import { StrategySettings } from "./StrategySettings";

type Section = "editing" | "largeImages" | "saving" | "plugins" | "appearance";

/** The settings dialog. Changes apply immediately and are stored in this browser. */
export default function SettingsDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  const plugins = usePluginModels();
  const [section, setSection] = useState<Section>("editing");
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("settings.title")}
      description={t("settings.description")}
      height="fixed"
    >
      <Tabs
        label={t("settings.title")}
        value={section}
        onChange={setSection}
        tabs={[
          { value: "editing", label: t("settings.editing"), content: <EditingSettings /> },
          { value: "largeImages", label: t("settings.largeImages"), content: <StrategySettings /> },
          { value: "saving", label: t("settings.saving"), content: <SavingSettings /> },
          ...(plugins.length > 0
            ? [{ value: "plugins" as const, label: t("settings.plugins"), content: <PluginSettings /> }]
            : []),
          { value: "appearance", label: t("settings.appearance"), content: <AppearanceSettings /> },
        ]}
      />
    </Dialog>
  );
}
