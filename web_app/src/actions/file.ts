import { ChevronLeft, ChevronRight, ClipboardCopy, Download, ImagePlus } from "lucide-react";
import { copy } from "../editor/commands/session";
import { openDialog } from "../editor/dialogs";
import { openFilePicker } from "../editor/pick";
import type { EditorState } from "../editor/store";
import { savePicture } from "../files/save";
import { stepMedia, useFiles } from "../files/store";
import { defineActions } from "./action";

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** True for a picture opened from a server folder, which has neighbours. */
const isFromFolder = () => useFiles.getState().opened !== null;

/** Actions that open, save and copy pictures. */
export const fileActions = defineActions({
  open: {
    group: "file",
    label: "action.open",
    icon: ImagePlus,
    shortcuts: ["Mod+O"],
    perform: () => {
      openFilePicker("picture");
    },
  },
  save: {
    group: "file",
    label: "action.save",
    icon: Download,
    shortcuts: ["Mod+S"],
    enabled: hasPicture,
    perform: savePicture,
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
  previousPicture: {
    group: "file",
    label: "action.previousPicture",
    icon: ChevronLeft,
    shortcuts: ["ArrowLeft"],
    enabled: isFromFolder,
    perform: () => stepMedia(-1),
  },
  nextPicture: {
    group: "file",
    label: "action.nextPicture",
    icon: ChevronRight,
    shortcuts: ["ArrowRight"],
    enabled: isFromFolder,
    perform: () => stepMedia(1),
  },
});
