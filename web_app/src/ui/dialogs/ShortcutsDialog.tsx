import { formatShortcut } from "../../core/shortcut";
import type { ActionGroup } from "../../actions/action";
import { ACTION_LIST, isOffered } from "../../actions/registry";
import { useEditor } from "../../editor/store";
import { useT } from "../../i18n";
import { Dialog, Kbd } from "../kit";
import { IS_APPLE } from "../platform";

const GROUPS: readonly ActionGroup[] = ["file", "tool", "select", "edit", "mask", "view", "app"];

/** The shortcuts of all available actions, by group. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const t = useT();
  return (
    <Dialog open onOpenChange={onClose} title={t("shortcuts.title")} size="xl" readOnly>
      <div className="gap-10 sm:columns-2 lg:columns-3">
        {GROUPS.map((group) => (
          <Group key={group} group={group} />
        ))}
        <section className="mb-5 break-inside-avoid">
          <h3 className="mb-1 text-xs font-medium text-soft">{t("shortcuts.pointer")}</h3>
          <dl>
            <Row name={t("shortcuts.zoom")} keys={[t("shortcuts.wheel")]} />
            <Row name={t("shortcuts.pan")} keys={[t("shortcuts.space"), t("shortcuts.middle")]} />
            <Row name={t("shortcuts.size")} keys={[t("shortcuts.altWheel")]} />
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

function Group({ group }: { group: ActionGroup }) {
  const t = useT();
  const state = useEditor();
  const available = ACTION_LIST.filter(
    (action) => action.group === group && action.shortcuts?.length && isOffered(action, state),
  );
  if (available.length === 0) return null;
  return (
    <section className="mb-5 break-inside-avoid">
      <h3 className="mb-1 text-xs font-medium text-soft">{t(`shortcuts.group.${group}`)}</h3>
      <dl>
        {available.map(({ id, label, shortcuts = [] }) => (
          <Row
            key={id}
            name={t(label)}
            keys={shortcuts.map((shortcut) => formatShortcut(shortcut, IS_APPLE))}
          />
        ))}
      </dl>
    </section>
  );
}

function Row({ name, keys }: { name: string; keys: readonly string[] }) {
  return (
    <div className="flex min-h-7 items-center justify-between gap-4">
      <dt className="text-sm">{name}</dt>
      <dd className="flex shrink-0 gap-1">
        {keys.map((key) => (
          <Kbd key={key} keys={key} />
        ))}
      </dd>
    </div>
  );
}
