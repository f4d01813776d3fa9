import { ChevronLeft, ChevronRight, ClipboardCopy, Download, ImagePlus } from "lucide-react";
import { copy } from "../editor/commands/session";
import { openDialog } from "../editor/dialogs";
import { openFilePicker } from "../editor/pick";
import type { EditorState } from "../editor/store";
import { saveImage } from "../files/save";
import { stepMedia, useFiles } from "../files/store";
import { defineActions } from "./action";

const hasImage = ({ image }: EditorState) => image !== null;

/** True for an image opened from a server folder, which has neighbours. */
const isFromFolder = () => useFiles.getState().opened !== null;

/** Actions that open, save and copy images. */
export const fileActions = defineActions({
  open: {
    group: "file",
    label: "action.open",
    icon: ImagePlus,
    shortcuts: ["Mod+O"],
    perform: () => {
      openFilePicker("image");
    },
  },
  save: {
    group: "file",
    label: "action.save",
    icon: Download,
    shortcuts: ["Mod+S"],
    enabled: hasImage,
    perform: saveImage,
  },
  saveAs: {
    group: "file",
    label: "action.saveAs",
    icon: Download,
    shortcuts: ["Mod+Shift+S"],
    enabled: hasImage,
    perform: () => {
      openDialog("save");
    },
  },
  copy: {
    group: "file",
    label: "action.copy",
    icon: ClipboardCopy,
    shortcuts: ["Mod+C"],
    enabled: hasImage,
    perform: copy,
  },
  previousImage: {
    group: "file",
    label: "action.previousImage",
    icon: ChevronLeft,
    shortcuts: ["ArrowLeft"],
    enabled: isFromFolder,
    perform: () => stepMedia(-1),
  },
  nextImage: {
    group: "file",
    label: "action.nextImage",
    icon: ChevronRight,
    shortcuts: ["ArrowRight"],
    enabled: isFromFolder,
    perform: () => stepMedia(1),
  },
});
