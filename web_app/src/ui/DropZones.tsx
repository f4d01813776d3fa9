import { ImagePlus, SquareDashed, type LucideIcon } from "lucide-react";
import { useState } from "react";
import { importMask } from "../editor/commands/mask";
import { open } from "../editor/commands/session";
import { useEditor } from "../editor/store";
import { useT } from "../i18n";
import { classes } from "./kit";
import { useFileDrag } from "./useFileDrag";

/** Where files can be dropped while one is dragged over the page. */
export function DropZones() {
  const t = useT();
  const dragging = useFileDrag();
  const canMask = useEditor(({ picture, job }) => picture !== null && job === null);
  if (!dragging) return null;
  return (
    <div className="drop-zones">
      <Zone icon={ImagePlus} text={t("drop.picture")} take={open} />
      {canMask && <Zone icon={SquareDashed} text={t("drop.mask")} take={importMask} />}
    </div>
  );
}

interface ZoneProps {
  icon: LucideIcon;
  text: string;
  take: (file: File) => Promise<void>;
}

function Zone({ icon: Icon, text, take }: ZoneProps) {
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
        if (file) void take(file);
      }}
    >
      <Icon aria-hidden="true" size={28} strokeWidth={1.5} />
      {text}
    </div>
  );
}
