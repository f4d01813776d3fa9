import { useState, type DragEvent, type ReactNode } from "react";
import { classes } from "../ui/kit";
import { droppedFiles } from "./dropped";

export interface DropAreaProps {
  onFiles: (files: File[]) => void;
  className?: string;
  children: ReactNode;
}

/** Accepts dropped files and folders, and stops the page from opening them. */
export function DropArea({ onFiles, className, children }: DropAreaProps) {
  const [over, setOver] = useState(false);
  const consume = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className={classes(className, over && "outline-2 -outline-offset-2 outline-accent outline-dashed")}
      onDragOver={(event) => {
        consume(event);
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={(event) => {
        consume(event);
        setOver(false);
        void droppedFiles(event.dataTransfer).then(onFiles);
      }}
    >
      {children}
    </div>
  );
}
