import { ChevronLeft, ChevronRight, ClipboardCopy, Download, ImagePlus } from "lucide-react";
import { savePicture } from "../../files/save";
import { stepMedia, useFiles } from "../../files/store";
import { copy } from "../commands/session";
import { openDialog } from "../dialogs";
import { pick } from "../pick";
import type { EditorState } from "../store";
import { actions } from "./action";

const hasPicture = ({ picture }: EditorState) => picture !== null;

/** Whether the picture has neighbours: it came from one of the server's folders. */
const fromFolder = () => useFiles.getState().opened !== null;

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
    enabled: fromFolder,
    perform: () => stepMedia(-1),
  },
  nextPicture: {
    group: "file",
    label: "action.nextPicture",
    icon: ChevronRight,
    shortcuts: ["ArrowRight"],
    enabled: fromFolder,
    perform: () => stepMedia(1),
  },
});
