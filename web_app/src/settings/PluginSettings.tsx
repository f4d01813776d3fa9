import { useModels, useServerConfig, useSwitchPluginModel } from "../api/queries";
import { errorMessage } from "../api/errors";
import { useT } from "../i18n";
import { licenceNote } from "./licenceNote";
import { notify, Select } from "../ui/kit";

/** A plugin with its selectable models. */
interface PluginModels {
  readonly plugin: string;
  readonly model: string;
  readonly models: readonly string[];
}

/** Returns the enabled plugins that have selectable models. */
export function usePluginModels(): readonly PluginModels[] {
  const { data: server } = useServerConfig();
  if (!server) return [];
  const plugins: readonly PluginModels[] = [
    { plugin: "RemoveBG", model: server.removeBGModel, models: server.removeBGModels },
    { plugin: "RealESRGAN", model: server.realesrganModel, models: server.realesrganModels },
    { plugin: "InteractiveSeg", model: server.interactiveSegModel, models: server.interactiveSegModels },
  ];
  return plugins.filter(({ plugin }) => server.plugins.some(({ name }) => name === plugin));
}

/** The model of each plugin. The choice is stored on the server and applies to all clients. */
export function PluginSettings() {
  const t = useT();
  const plugins = usePluginModels();
  const { data: known } = useModels();
  const { mutate, isPending } = useSwitchPluginModel();
  /** Returns the name of a model, with a note if its licence restricts its use. */
  const labelOf = (name: string) => {
    const model = known?.find((each) => each.name === name);
    const note = model && licenceNote(model.licence);
    return note ? `${name} (${t(note)})` : name;
  };
  return (
    <div className="flex flex-col gap-2">
      {plugins.map(({ plugin, model, models }) => (
        <Select
          key={plugin}
          label={t("plugin.model", { name: plugin })}
          value={model}
          disabled={isPending}
          options={models.map((value) => ({ value, label: labelOf(value) }))}
          onChange={(value) => {
            mutate(
              { plugin, model: value },
              {
                onError: (thrown) => {
                  notify({ kind: "error", text: errorMessage(thrown) });
                },
              },
            );
          }}
        />
      ))}
    </div>
  );
}
