import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

export interface TooltipProps {
  text: string;
  /** Keyboard shortcut as displayed: `Ctrl+Z`. */
  shortcut?: string | undefined;
  side?: "top" | "right" | "bottom" | "left";
  /** The described control. It must accept props and a ref. */
  children: ReactElement;
}

/** A tooltip, shown on hover and keyboard focus. */
export function Tooltip({ text, shortcut, side = "top", children }: TooltipProps) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} collisionPadding={8} className="z-50">
          <Base.Popup className="flex items-center gap-2 rounded-md bg-text px-2 py-1 text-xs text-surface shadow-1 transition-opacity data-ending-style:opacity-0 data-instant:transition-none data-starting-style:opacity-0">
            {text}
            {shortcut && <span className="opacity-70">{shortcut}</span>}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
