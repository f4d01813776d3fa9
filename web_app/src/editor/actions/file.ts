import { Download, ImagePlus } from "lucide-react";
import { exportType } from "../../core/files";
import { save } from "../commands";
import { openDialog } from "../dialogs";
import { pickPicture } from "../pick";
import { useEditor, type EditorState } from "../store";
import { actions } from "./action";

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** What brings a picture in or out. */
export const fileActions = actions({
  open: { group: "file", label: "Open", icon: ImagePlus, shortcuts: ["Mod+O"], perform: pickPicture },
  save: {
    group: "file",
    label: "Save",
    icon: Download,
    shortcuts: ["Mod+S"],
    enabled: hasPicture,
    perform: () => save(exportType(useEditor.getState().picture?.type ?? "")),
  },
  saveAs: {
    group: "file",
    label: "Save as…",
    icon: Download,
    shortcuts: ["Mod+Shift+S"],
    enabled: hasPicture,
    perform: () => {
      openDialog("save");
    },
  },
});
