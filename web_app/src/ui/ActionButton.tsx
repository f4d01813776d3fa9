import { describe } from "../core/shortcut";
import type { Action } from "../editor/actions/action";
import { ACTIONS, isEnabled, type ActionId } from "../editor/actions/registry";
import { useEditor } from "../editor/store";
import { MAC } from "./machine";

interface ActionButtonProps {
  id: ActionId;
  /** Whether its name is written beside the icon. */
  named?: boolean;
  className?: string;
}

/** A button that does what an action of the registry says. */
export function ActionButton({ id, named = false, className }: ActionButtonProps) {
  const action: Action = ACTIONS[id];
  const enabled = useEditor((state) => isEnabled(action, state));
  const checked = useEditor((state) => action.checked?.(state));
  const shortcut = action.shortcuts?.[0];
  const Icon = action.icon;
  const { release } = action;
  return (
    <button
      type="button"
      className={className}
      aria-label={named ? undefined : action.label}
      aria-pressed={checked}
      title={shortcut ? `${action.label} (${describe(shortcut, MAC)})` : action.label}
      disabled={!enabled}
      {...(release ? holding(action.perform, release) : { onClick: () => void action.perform() })}
    >
      <Icon aria-hidden="true" size={18} />
      {named && <span>{action.label}</span>}
    </button>
  );
}

/** Handlers for what lasts as long as it is held, by pointer or by key. */
function holding(perform: () => unknown, release: () => void): React.ComponentProps<"button"> {
  return {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      perform();
    },
    onPointerUp: release,
    onPointerCancel: release,
    onBlur: release,
    onKeyDown: ({ key }) => {
      if (key === " " || key === "Enter") perform();
    },
    onKeyUp: release,
    onContextMenu: (event) => {
      event.preventDefault();
    },
  };
}
