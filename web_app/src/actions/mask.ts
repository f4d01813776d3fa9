import { Blend, Download, Expand, FileInput, FlipHorizontal2, Ghost, Shrink, Trash2 } from "lucide-react";
import { editMask, maskFromOpacity } from "../editor/commands/mask";
import { downloadMask } from "../editor/commands/session";
import { useMaskAmount } from "../editor/maskAmount";
import { openFilePicker } from "../editor/pick";
import type { EditorState } from "../editor/store";
import { defineActions } from "./action";

const hasMask = ({ hole, job }: EditorState) => hole !== null && !job;
const canEdit = ({ image, job }: EditorState) => image !== null && !job;

/** Actions on the whole mask. */
export const maskActions = defineActions({
  growMask: {
    group: "mask",
    label: "action.growMask",
    short: "mask.grow",
    icon: Expand,
    shortcuts: ["."],
    enabled: hasMask,
    repeats: true,
    perform: () => editMask({ kind: "grow", by: useMaskAmount.getState().amount }),
  },
  shrinkMask: {
    group: "mask",
    label: "action.shrinkMask",
    short: "mask.shrink",
    icon: Shrink,
    shortcuts: [","],
    enabled: hasMask,
    repeats: true,
    perform: () => editMask({ kind: "grow", by: -useMaskAmount.getState().amount }),
  },
  featherMask: {
    group: "mask",
    label: "action.featherMask",
    short: "mask.feather",
    icon: Blend,
    shortcuts: ["Shift+F"],
    enabled: hasMask,
    perform: () => editMask({ kind: "feather", by: useMaskAmount.getState().amount }),
  },
  invertMask: {
    group: "mask",
    label: "action.invertMask",
    short: "mask.invert",
    icon: FlipHorizontal2,
    shortcuts: ["I"],
    enabled: canEdit,
    perform: () => editMask({ kind: "invert" }),
  },
  clearMask: {
    group: "mask",
    label: "action.clearMask",
    short: "mask.clear",
    icon: Trash2,
    shortcuts: ["Delete", "Backspace"],
    enabled: hasMask,
    perform: () => editMask({ kind: "clear" }),
  },
  importMask: {
    group: "mask",
    label: "action.importMask",
    short: "mask.import",
    icon: FileInput,
    enabled: canEdit,
    perform: () => {
      openFilePicker("mask");
    },
  },
  maskFromOpacity: {
    group: "mask",
    label: "action.maskFromOpacity",
    short: "mask.fromOpacity",
    icon: Ghost,
    enabled: (state) => canEdit(state) && state.hasTransparency,
    perform: maskFromOpacity,
  },
  saveMask: {
    group: "mask",
    label: "action.saveMask",
    short: "mask.save",
    icon: Download,
    enabled: ({ hole }) => hole !== null,
    perform: downloadMask,
  },
});
