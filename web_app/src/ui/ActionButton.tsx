import { formatShortcut } from "../core/shortcut";
import type { Action } from "../editor/actions/action";
import { ACTIONS, isEnabled, type ActionId } from "../editor/actions/registry";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { useSettings } from "../settings/store";
import { Button, IconButton, Tooltip, type IconButtonProps } from "./kit";
import { MAC } from "./machine";

interface ActionButtonProps {
  id: ActionId;
  /** Whether its name is written beside the icon. */
  named?: boolean;
  /** Whether it is the one next action as soon as it can be done. */
  next?: boolean;
  side?: IconButtonProps["side"];
  className?: string;
}

/** A button that does what an action of the registry says. */
export function ActionButton({
  id,
  named = false,
  next = false,
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
  const shortcut = action.shortcuts?.[0] && formatShortcut(action.shortcuts[0], MAC);
  const Icon = action.icon;
  const shared = {
    className,
    disabled: !enabled,
    ...(action.release ? holding(action.perform, action.release) : { onClick: clicking(action.perform) }),
  };
  const variant = next && enabled ? "primary" : "quiet";
  if (!named) {
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

/** A click gives the focus back: Space is to move the picture, not to press the button again. */
function clicking(perform: () => unknown): React.MouseEventHandler<HTMLButtonElement> {
  return ({ currentTarget, detail }) => {
    if (detail > 0) currentTarget.blur();
    void perform();
  };
}

/** Handlers for what lasts as long as it is held, by pointer or by key. */
function holding(perform: () => unknown, release: () => void): React.ComponentProps<"button"> {
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
