import { Puzzle } from "lucide-react";
import { Fragment } from "react";
import type { Plugin } from "../api/plugins";
import { applyPlugin, maskByPlugin, SELECTING_PLUGIN } from "../editor/commands/plugin";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { Button, Menu, MenuGroup, MenuItem, MenuSeparator } from "./kit";

/** The plugin that enlarges pictures, by its name in IOPaint's API, and by how much it can. */
const ENLARGING_PLUGIN = "RealESRGAN";
const SCALES = [2, 4];

/** What the server can do to a picture besides filling holes; nothing where it has no plugins. */
export default function PluginMenu() {
  const t = useT();
  const ready = useEditor(({ picture, job }) => picture !== null && job === null);
  const all = useEditor(({ server }) => server?.plugins);
  const plugins = all?.filter(({ name }) => name !== SELECTING_PLUGIN) ?? [];
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
  const scales = name === ENLARGING_PLUGIN ? SCALES : [undefined];
  return (
    <>
      {plugin.support_gen_image &&
        scales.map((scale) => (
          <MenuItem key={scale ?? 0} disabled={disabled} onSelect={() => void applyPlugin(name, scale)}>
            {scale ? t("plugin.larger", { scale: String(scale) }) : t("plugin.apply")}
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
