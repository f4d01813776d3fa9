import { Toast } from "@base-ui/react/toast";

/** Where {@link notify} leaves messages and the toaster finds them. */
export const toastManager = Toast.createToastManager();

export interface Notice {
  readonly kind: "info" | "good" | "error";
  readonly text: string;
  /** What can be done about it, as a button. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

const SHOWN_MS = 5000;

/** Shows a message. Errors stay until they are dismissed, and screen readers interrupt for them. */
export function notify({ kind, text, action }: Notice): void {
  const id = toastManager.add({
    description: text,
    type: kind,
    timeout: kind === "error" ? 0 : SHOWN_MS,
    priority: kind === "error" ? "high" : "low",
    ...(action && {
      actionProps: {
        children: action.label,
        onClick: () => {
          toastManager.close(id);
          action.run();
        },
      },
    }),
  });
}
