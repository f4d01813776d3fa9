import { ImagePlus, SquareDashed, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { importMask } from "../editor/commands/mask";
import { open } from "../editor/commands/session";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { classes } from "./kit";
import { useFileDrag } from "./useFileDrag";

/** Drop targets for opening an image or loading a mask, shown while a file is dragged over the page. */
export function DropZones() {
  const t = useT();
  const dragging = useFileDrag();
  const canLoadMask = useEditor(({ image, job }) => image !== null && job === null);
  if (!dragging) return null;
  return (
    <div className="drop-zones">
      <Zone icon={ImagePlus} text={t("drop.image")} onFile={open} />
      {canLoadMask && <Zone icon={SquareDashed} text={t("drop.mask")} onFile={importMask} />}
    </div>
  );
}

interface ZoneProps {
  icon: LucideIcon;
  text: string;
  onFile: (file: File) => Promise<void>;
}

function Zone({ icon: Icon, text, onFile }: ZoneProps) {
  const [over, setOver] = useState(false);
  return (
    <div
      className={classes("drop-zone", over && "over")}
      onDragEnter={() => {
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={({ dataTransfer }) => {
        const [file] = dataTransfer.files;
        if (file) void onFile(file);
      }}
    >
      <Icon aria-hidden="true" size={28} strokeWidth={1.5} />
      {text}
    </div>
  );
}
