import { formatShortcut } from "../core/shortcut";
import type { Action } from "../actions/action";
import { ACTIONS, isEnabled, type ActionId } from "../actions/registry";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { useSettings } from "../settings/store";
import { Button, IconButton, Tooltip, type IconButtonProps } from "./kit";
import { IS_APPLE } from "./platform";

interface ActionButtonProps {
  id: ActionId;
  /** Shows the label beside the icon. */
  showLabel?: boolean;
  /** Uses the primary style while the action is enabled. */
  emphasized?: boolean;
  side?: IconButtonProps["side"];
  className?: string;
}

/** A button for an action of the registry, with its icon, label, shortcut and state. */
export function ActionButton({
  id,
  showLabel = false,
  emphasized = false,
  side = "top",
  className,
}: ActionButtonProps) {
  const t = useT();
  const action: Action = ACTIONS[id];
  const enabled = useEditor((state) => isEnabled(action, state));
  const settings = useSettings();
  const checked = useEditor((state) => action.checked?.(state, settings));
  const label = t(action.label);
  const text = t(action.short ?? action.label);
  const shortcut = action.shortcuts?.[0] && formatShortcut(action.shortcuts[0], IS_APPLE);
  const Icon = action.icon;
  const shared = {
    className,
    disabled: !enabled,
    ...(action.release
      ? holdHandlers(action.perform, action.release)
      : { onClick: clickHandler(action.perform) }),
  };
  const variant = emphasized && enabled ? "primary" : "quiet";
  if (!showLabel) {
    return (
      <IconButton
        {...shared}
        label={label}
        shortcut={shortcut}
        side={side}
        variant={variant}
        pressed={checked}
      >
        <Icon aria-hidden="true" size={18} strokeWidth={1.75} />
      </IconButton>
    );
  }
  const button = (
    <Button
      {...shared}
      variant={variant}
      {...(checked !== undefined && { pressed: checked })}
      {...(text !== label && { "aria-label": label })}
      icon={<Icon aria-hidden="true" size={16} strokeWidth={1.75} />}
    >
      {text}
    </Button>
  );
  return shortcut || text !== label ? (
    <Tooltip text={label} shortcut={shortcut} side={side}>
      {button}
    </Tooltip>
  ) : (
    button
  );
}

/**
 * Returns a click handler that also releases the focus, so that Space pans instead of pressing the button
 * again.
 */
function clickHandler(perform: () => unknown): React.MouseEventHandler<HTMLButtonElement> {
  return ({ currentTarget, detail }) => {
    if (detail > 0) currentTarget.blur();
    void perform();
  };
}

/** Returns handlers that perform an action while the button is held, by pointer or by key. */
function holdHandlers(perform: () => unknown, release: () => void): React.ComponentProps<"button"> {
  return {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      perform();
    },
    onPointerUp: ({ currentTarget }) => {
      currentTarget.blur();
      release();
    },
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
