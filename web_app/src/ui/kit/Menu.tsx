import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

export interface MenuProps {
  /** The button that opens the menu. It must accept props and a ref. */
  trigger: ReactElement;
  side?: "top" | "right" | "bottom" | "left";
  align?: "start" | "center" | "end";
  children: ReactNode;
}

/** A drop-down menu. */
export function Menu({ trigger, side = "bottom", align = "start", children }: MenuProps) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner
          side={side}
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 outline-none"
        >
          <Base.Popup
            // As with buttons, only the keyboard leaves the focus on the trigger.
            finalFocus={(closedBy) => closedBy === "keyboard"}
            className="max-h-[var(--available-height)] min-w-48 overflow-y-auto rounded-lg border border-line bg-raised p-1 text-sm text-text shadow-2 outline-none transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

const ITEM =
  "flex min-h-control cursor-default items-center gap-2 rounded-md px-2 outline-none select-none data-disabled:opacity-40 data-highlighted:bg-hover";

export interface MenuItemProps {
  icon?: ReactNode;
  shortcut?: string | undefined;
  disabled?: boolean;
  onSelect: () => void;
  children: ReactNode;
}

/** A menu item that performs an action. */
export function MenuItem({ icon, shortcut, disabled = false, onSelect, children }: MenuItemProps) {
  return (
    <Base.Item className={ITEM} disabled={disabled} onClick={onSelect}>
      {icon}
      <span className="min-w-0 flex-1">{children}</span>
      {shortcut && <span className="pl-4 text-xs text-soft">{shortcut}</span>}
    </Base.Item>
  );
}

export interface MenuCheckProps {
  checked: boolean;
  shortcut?: string | undefined;
  onChange: (checked: boolean) => void;
  children: ReactNode;
}

/** A menu item with a check mark. The menu stays open on selection. */
export function MenuCheck({ checked, shortcut, onChange, children }: MenuCheckProps) {
  return (
    <Base.CheckboxItem className={ITEM} checked={checked} onCheckedChange={onChange}>
      <span className="grid size-4 place-items-center">
        <Base.CheckboxItemIndicator>
          <Check aria-hidden="true" size={16} />
        </Base.CheckboxItemIndicator>
      </span>
      <span className="min-w-0 flex-1">{children}</span>
      {shortcut && <span className="pl-4 text-xs text-soft">{shortcut}</span>}
    </Base.CheckboxItem>
  );
}

/** A separator between groups of menu items. */
export function MenuSeparator() {
  return <Base.Separator className="mx-2 my-1 h-px bg-line" />;
}

/** A group of menu items with a heading. */
export function MenuGroup({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 py-1 text-xs text-soft">{label}</Base.GroupLabel>
      {children}
    </Base.Group>
  );
}
