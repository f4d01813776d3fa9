import { Toast } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useT } from "../../i18n";
import { toastManager } from "./toast";

/** Shows the messages of `notify` below the top bar. Rendered once per page. */
export function Toaster() {
  return (
    <Toast.Provider toastManager={toastManager} limit={3}>
      <Toast.Portal>
        <Toast.Viewport className="fixed top-14 left-1/2 z-50 flex w-[min(440px,calc(100vw-24px))] -translate-x-1/2 flex-col gap-2">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Toasts() {
  const t = useT();
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      swipeDirection={["up", "left", "right"]}
      className="kit-toast rounded-lg border border-line bg-raised text-sm text-text shadow-2"
    >
      <Toast.Content className="flex items-start gap-2 p-2 pl-3">
        <StatusIcon kind={toast.type} />
        <Toast.Description className="min-w-0 flex-1 py-1.5 break-words" />
        <Toast.Action className="h-8 min-h-0 shrink-0 rounded-md px-2 font-medium text-accent hover:bg-hover" />
        <Toast.Close
          aria-label={t("common.dismiss")}
          className="grid size-8 min-h-0 min-w-0 shrink-0 place-items-center rounded-md p-0 text-soft hover:bg-hover"
        >
          <X aria-hidden="true" size={16} />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

function StatusIcon({ kind }: { kind: string | undefined }) {
  const layout = "mt-2 shrink-0";
  if (kind === "error") return <CircleAlert aria-hidden="true" size={16} className={`${layout} text-bad`} />;
  if (kind === "success")
    return <CircleCheck aria-hidden="true" size={16} className={`${layout} text-good`} />;
  return <Info aria-hidden="true" size={16} className={`${layout} text-soft`} />;
}
