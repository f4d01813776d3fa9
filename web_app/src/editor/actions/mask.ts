import { Blend, Download, Expand, FileInput, FlipHorizontal2, Ghost, Shrink, Trash2 } from "lucide-react";
import { change, maskFromOpacity } from "../commands/mask";
import { downloadMask } from "../commands/session";
import { pick } from "../pick";
import { useMaskAmount } from "../maskAmount";
import type { EditorState } from "../store";
import { actions } from "./action";

const hasMask = ({ hole, job }: EditorState) => hole !== null && !job;
const canEdit = ({ picture, job }: EditorState) => picture !== null && !job;

/** What is done to the mask as a whole. */
export const maskActions = actions({
  growMask: {
    group: "mask",
    label: "action.growMask",
    icon: Expand,
    shortcuts: ["."],
    enabled: hasMask,
    repeats: true,
    perform: () => change({ kind: "grow", by: useMaskAmount.getState().amount }),
  },
  shrinkMask: {
    group: "mask",
    label: "action.shrinkMask",
    icon: Shrink,
    shortcuts: [","],
    enabled: hasMask,
    repeats: true,
    perform: () => change({ kind: "grow", by: -useMaskAmount.getState().amount }),
  },
  featherMask: {
    group: "mask",
    label: "action.featherMask",
    icon: Blend,
    shortcuts: ["Shift+F"],
    enabled: hasMask,
    perform: () => change({ kind: "feather", by: useMaskAmount.getState().amount }),
  },
  invertMask: {
    group: "mask",
    label: "action.invertMask",
    icon: FlipHorizontal2,
    shortcuts: ["I"],
    enabled: canEdit,
    perform: () => change({ kind: "invert" }),
  },
  clearMask: {
    group: "mask",
    label: "action.clearMask",
    icon: Trash2,
    shortcuts: ["Delete", "Backspace"],
    enabled: hasMask,
    perform: () => change({ kind: "clear" }),
  },
  importMask: {
    group: "mask",
    label: "action.importMask",
    icon: FileInput,
    enabled: canEdit,
    perform: () => {
      pick("mask");
    },
  },
  maskFromOpacity: {
    group: "mask",
    label: "action.maskFromOpacity",
    icon: Ghost,
    enabled: (state) => canEdit(state) && state.picture?.hasTransparency === true,
    perform: maskFromOpacity,
  },
  saveMask: {
    group: "mask",
    label: "action.saveMask",
    icon: Download,
    enabled: ({ hole }) => hole !== null,
    perform: downloadMask,
  },
});
