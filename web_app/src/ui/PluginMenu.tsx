import { Sparkles } from "lucide-react";
import { useShallow } from "zustand/react/shallow";
import type { Action } from "../actions/action";
import { ACTIONS, isEnabled, isOffered, type ActionId } from "../actions/registry";
import { formatShortcut } from "../core/shortcut";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { Button, Menu, MenuGroup, MenuItem, MenuSeparator } from "./kit";
import { IS_APPLE } from "./platform";

const SELECTIONS: readonly ActionId[] = ["selectObject", "selectText", "selectBackground"];
const CHANGES: readonly ActionId[] = [
  "removeBackground",
  "cutOutAnime",
  "restoreFaces",
  "restoreFacesRestoreFormer",
  "upscale2",
  "upscale4",
];

/** The menu of selections and image changes that the server's plugins make. Renders nothing without any. */
export default function PluginMenu() {
  const t = useT();
  const offered = useEditor(
    useShallow((state) => [...SELECTIONS, ...CHANGES].filter((id) => isOffered(ACTIONS[id], state))),
  );
  const selections = offered.filter((id) => SELECTIONS.includes(id));
  const changes = offered.filter((id) => CHANGES.includes(id));
  if (offered.length === 0) return null;
  return (
    <Menu
      align="end"
      trigger={
        <Button
          variant="quiet"
          aria-label={t("plugin.menu")}
          icon={<Sparkles aria-hidden="true" size={18} strokeWidth={1.75} />}
        >
          <span className="max-sm:hidden">{t("plugin.menu")}</span>
        </Button>
      }
    >
      {selections.length > 0 && (
        <MenuGroup label={t("plugin.select")}>
          {selections.map((id) => (
            <Item key={id} id={id} />
          ))}
        </MenuGroup>
      )}
      {selections.length > 0 && changes.length > 0 && <MenuSeparator />}
      {changes.length > 0 && (
        <MenuGroup label={t("plugin.change")}>
          {changes.map((id) => (
            <Item key={id} id={id} />
          ))}
        </MenuGroup>
      )}
    </Menu>
  );
}

function Item({ id }: { id: ActionId }) {
  const t = useT();
  const action: Action = ACTIONS[id];
  const enabled = useEditor((state) => isEnabled(action, state));
  const Icon = action.icon;
  return (
    <MenuItem
      icon={<Icon aria-hidden="true" size={16} strokeWidth={1.75} className="text-soft" />}
      shortcut={action.shortcuts?.[0] && formatShortcut(action.shortcuts[0], IS_APPLE)}
      disabled={!enabled}
      onSelect={() => void action.perform()}
    >
      {t(action.label)}
    </MenuItem>
  );
}
