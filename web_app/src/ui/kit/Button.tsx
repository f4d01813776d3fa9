import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes";

/** `primary` marks the main action of a view; `quiet` has no background until it is hovered. */
export type ButtonVariant = "primary" | "plain" | "quiet" | "danger";

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: ButtonVariant;
  icon?: ReactNode;
  /** Toggle state, for toggle buttons. */
  pressed?: boolean;
}

const VARIANTS: Record<ButtonVariant, string> = {
  primary: "bg-accent text-on-accent font-medium enabled:hover:bg-accent-hover",
  plain: "bg-surface text-text border border-line enabled:hover:bg-hover enabled:active:bg-pressed",
  quiet: "text-text enabled:hover:bg-hover enabled:active:bg-pressed",
  danger: "text-bad border border-line bg-surface enabled:hover:bg-hover enabled:active:bg-pressed",
};

const PRESSED = "aria-pressed:bg-accent-soft aria-pressed:text-accent";

/** A button with a text label and an optional icon. */
export function Button({ variant = "plain", icon, pressed, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      aria-pressed={pressed}
      className={classes(
        "inline-flex h-control min-h-0 shrink-0 items-center justify-center gap-2 rounded-md px-3 text-sm whitespace-nowrap transition-colors select-none disabled:opacity-40",
        VARIANTS[variant],
        PRESSED,
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}
