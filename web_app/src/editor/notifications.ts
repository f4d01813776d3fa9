/** A message for the user. */
export interface Notice {
  readonly kind: "info" | "success" | "error";
  readonly text: string;
}

export type Notifier = (notice: Notice) => void;

let notifier: Notifier = () => undefined;

/** Sets the function that shows the editor's messages; the page sets it at its start. */
export function setNotifier(notify: Notifier): void {
  notifier = notify;
}

/** Shows a message. */
export function notify(notice: Notice): void {
  notifier(notice);
}
