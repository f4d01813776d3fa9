import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";
import { Tooltip, type TooltipProps } from "./Tooltip";

export interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  /** Accessible name and tooltip. */
  label: string;
  /** Keyboard shortcut as displayed: `Ctrl+Z`. */
  shortcut?: string | undefined;
  side?: TooltipProps["side"];
  pressed?: boolean | undefined;
  variant?: "quiet" | "primary";
  children: ReactNode;
}

/** A square icon button with a tooltip for its label and shortcut. */
export function IconButton({
  label,
  shortcut,
  side = "top",
  pressed,
  variant = "quiet",
  className,
  children,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} shortcut={shortcut} side={side}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        aria-keyshortcuts={shortcut?.replaceAll("Ctrl", "Control")}
        className={classes(
          "inline-flex size-control min-h-0 min-w-0 shrink-0 items-center justify-center rounded-md p-0 transition-colors select-none disabled:opacity-40",
          variant === "primary"
            ? "bg-accent text-on-accent enabled:hover:bg-accent-hover"
            : "text-text enabled:hover:bg-hover enabled:active:bg-pressed aria-pressed:bg-accent-soft aria-pressed:text-accent",
          className,
        )}
        {...rest}
      >
        {children}
      </button>
    </Tooltip>
  );
}
