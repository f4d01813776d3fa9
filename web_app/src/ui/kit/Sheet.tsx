import { Dialog as Base } from "@base-ui/react/dialog";
import { useRef, type ReactNode } from "react";
import { classes } from "./classes";
import { BACKDROP, CloseButton } from "./Dialog";

export interface SheetProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  side?: "right" | "bottom";
  /** Makes the rest of the page inert while the sheet is open. */
  modal?: boolean;
  children?: ReactNode;
}

const SIDES: Record<NonNullable<SheetProps["side"]>, string> = {
  right:
    "inset-y-0 right-0 w-[min(360px,100vw)] border-l data-ending-style:translate-x-4 data-starting-style:translate-x-4",
  bottom:
    "inset-x-0 bottom-0 max-h-[80dvh] rounded-t-xl border-t pb-[env(safe-area-inset-bottom)] data-ending-style:translate-y-4 data-starting-style:translate-y-4",
};

/** A panel that slides in from an edge of the window. */
export function Sheet({ open, onOpenChange, title, side = "right", modal = true, children }: SheetProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={onOpenChange} modal={modal} disablePointerDismissal={!modal}>
      <Base.Portal>
        {modal && <Base.Backdrop className={BACKDROP} />}
        <Base.Popup
          ref={popup}
          initialFocus={popup}
          className={classes(
            "fixed z-40 flex flex-col border-line bg-surface text-text shadow-2 outline-none",
            "transition-[opacity,translate] data-ending-style:opacity-0 data-starting-style:opacity-0",
            SIDES[side],
          )}
        >
          <header className="flex min-h-0 shrink-0 items-center gap-2 px-4 pt-3 pb-2">
            <Base.Title className="min-w-0 flex-1 text-base font-semibold">{title}</Base.Title>
            <CloseButton />
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-4">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
