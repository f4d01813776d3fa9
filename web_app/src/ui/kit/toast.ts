import { Toast } from "@base-ui/react/toast";

/** Passes messages from {@link notify} to the toaster. */
export const toastManager = Toast.createToastManager();

export interface Notice {
  readonly kind: "info" | "success" | "error";
  readonly text: string;
  /** An optional action button. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Display time of messages other than errors. */
const TIMEOUT_MS = 5000;

/** Shows a message. Errors stay until they are dismissed and are announced with high priority. */
export function notify({ kind, text, action }: Notice): void {
  const id = toastManager.add({
    description: text,
    type: kind,
    timeout: kind === "error" ? 0 : TIMEOUT_MS,
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
