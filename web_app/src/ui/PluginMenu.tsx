import { Puzzle } from "lucide-react";
import { Fragment } from "react";
import type { Plugin } from "../api/plugins";
import { applyPlugin, maskByPlugin, SELECTING_PLUGIN } from "../editor/commands/plugin";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { Button, Menu, MenuGroup, MenuItem, MenuSeparator } from "./kit";

/** Name of the upscaling plugin in IOPaint's API. */
const UPSCALING_PLUGIN = "RealESRGAN";
/** Scale factors offered for it. */
const SCALES = [2, 4];

/** The menu of the server's plugins. Renders nothing if the server has none. */
export default function PluginMenu() {
  const t = useT();
  const ready = useEditor(({ image, job }) => image !== null && job === null);
  const available = useEditor(({ server }) => server?.plugins);
  const plugins = available?.filter(({ name }) => name !== SELECTING_PLUGIN) ?? [];
  if (plugins.length === 0) return null;
  return (
    <Menu
      align="end"
      trigger={
        <Button variant="quiet" icon={<Puzzle aria-hidden="true" size={18} strokeWidth={1.75} />}>
          {t("plugin.menu")}
        </Button>
      }
    >
      {plugins.map((plugin, index) => (
        <Fragment key={plugin.name}>
          {index > 0 && <MenuSeparator />}
          <MenuGroup label={plugin.name}>
            <Items plugin={plugin} disabled={!ready} />
          </MenuGroup>
        </Fragment>
      ))}
    </Menu>
  );
}

function Items({ plugin, disabled }: { plugin: Plugin; disabled: boolean }) {
  const t = useT();
  const { name } = plugin;
  const scales = name === UPSCALING_PLUGIN ? SCALES : [undefined];
  return (
    <>
      {plugin.support_gen_image &&
        scales.map((scale) => (
          <MenuItem key={scale ?? 0} disabled={disabled} onSelect={() => void applyPlugin(name, scale)}>
            {scale ? t("plugin.upscale", { scale: String(scale) }) : t("plugin.apply")}
          </MenuItem>
        ))}
      {plugin.support_gen_mask && (
        <MenuItem disabled={disabled} onSelect={() => void maskByPlugin(name)}>
          {t("plugin.mask")}
        </MenuItem>
      )}
    </>
  );
}
