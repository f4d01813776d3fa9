import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { useT } from "../../i18n";
import { classes } from "./classes";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string | undefined;
  /** Action buttons at the lower right, the primary one last. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg" | "xl" | "full";
  /** `fixed` keeps the height independent of the content, so that switching tabs doesn't move the dialog. */
  height?: "content" | "fixed";
  /** Makes the body focusable, so that keys can scroll content without controls. */
  readOnly?: boolean;
  children?: ReactNode;
}

const SIZES: Record<NonNullable<DialogProps["size"]>, string> = {
  sm: "sm:w-[400px]",
  md: "sm:w-[560px]",
  lg: "sm:w-[760px]",
  xl: "sm:w-[1080px]",
  full: "sm:h-[min(880px,calc(100dvh-64px))] sm:w-[min(1200px,calc(100vw-64px))]",
};

export const BACKDROP =
  "fixed inset-0 z-40 bg-shade transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0";

/** A modal dialog, centred on wide screens and attached to the lower edge on phones. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  footer,
  size = "md",
  height = "content",
  readOnly = false,
  children,
}: DialogProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          ref={popup}
          // Screen readers announce the title first; Tab moves to the first control.
          initialFocus={popup}
          className={classes(
            "fixed inset-x-0 bottom-0 z-40 flex max-h-[92dvh] flex-col rounded-t-xl border border-line bg-surface text-text shadow-2 outline-none",
            "transition-[opacity,scale] data-ending-style:opacity-0 data-starting-style:scale-[0.98] data-starting-style:opacity-0",
            "sm:inset-auto sm:top-1/2 sm:left-1/2 sm:max-h-[calc(100dvh-64px)] sm:max-w-[calc(100vw-32px)] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-xl",
            size === "full" && "h-[92dvh]",
            height === "fixed" && "h-[92dvh] sm:h-[min(520px,calc(100dvh-64px))]",
            SIZES[size],
          )}
        >
          <header className="flex min-h-0 shrink-0 items-center gap-2 px-5 pt-4 pb-3">
            <div className="min-w-0 flex-1">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description && (
                <Base.Description className="text-sm text-soft">{description}</Base.Description>
              )}
            </div>
            <CloseButton />
          </header>
          <div
            tabIndex={readOnly ? 0 : undefined}
            className="flex min-h-0 flex-1 flex-col overflow-y-auto px-5 pb-5 focus-visible:-outline-offset-2"
          >
            {children}
          </div>
          {footer && (
            <footer className="flex shrink-0 flex-wrap items-center justify-end gap-2 border-t border-line px-5 py-3">
              {footer}
            </footer>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The close button of a dialog or sheet. It has no tooltip, which would consume the first Escape. */
export function CloseButton() {
  const t = useT();
  return (
    <Base.Close
      aria-label={t("common.close")}
      aria-keyshortcuts="Escape"
      className="-mr-2 inline-flex size-control shrink-0 items-center justify-center self-start rounded-md text-text transition-colors hover:bg-hover active:bg-pressed"
    >
      <X aria-hidden="true" size={18} />
    </Base.Close>
  );
}
