import { X } from "lucide-react";
import { dismissNotice } from "../editor/commands";
import { useEditor } from "../editor/store";

/** The message of the moment, where there is one. */
export function NoticeBar() {
  const notice = useEditor((state) => state.notice);
  if (!notice) return null;
  return (
    <div className={`notice ${notice.kind}`} role={notice.kind === "error" ? "alert" : "status"}>
      <p>{notice.text}</p>
      <button type="button" aria-label="Dismiss" onClick={dismissNotice}>
        <X aria-hidden="true" size={16} />
      </button>
    </div>
  );
}
