import { ClipboardCopy, Download, ImagePlus } from "lucide-react";
import { exportType } from "../../core/files";
import { useSettings } from "../../settings/store";
import { copy, download } from "../commands/session";
import { openDialog } from "../dialogs";
import { pick } from "../pick";
import { useEditor, type EditorState } from "../store";
import { actions } from "./action";

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** What brings a picture in or out. */
export const fileActions = actions({
  open: {
    group: "file",
    label: "action.open",
    icon: ImagePlus,
    shortcuts: ["Mod+O"],
    perform: () => {
      pick("picture");
    },
  },
  save: {
    group: "file",
    label: "action.save",
    icon: Download,
    shortcuts: ["Mod+S"],
    enabled: hasPicture,
    perform: () => {
      const { saveFormat, saveQuality } = useSettings.getState();
      const type =
        saveFormat === "same"
          ? exportType(useEditor.getState().picture?.file.type ?? "")
          : (`image/${saveFormat}` as const);
      return download(type, saveQuality / 100);
    },
  },
  saveAs: {
    group: "file",
    label: "action.saveAs",
    icon: Download,
    shortcuts: ["Mod+Shift+S"],
    enabled: hasPicture,
    perform: () => {
      openDialog("save");
    },
  },
  copy: {
    group: "file",
    label: "action.copy",
    icon: ClipboardCopy,
    shortcuts: ["Mod+C"],
    enabled: hasPicture,
    perform: copy,
  },
});
