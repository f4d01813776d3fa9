import { useRef, type ReactNode } from "react";
import { Button } from "../ui/kit";

export interface PickButtonProps {
  icon: ReactNode;
  /** Picks a folder and passes its files. */
  folder?: boolean;
  multiple?: boolean;
  variant?: "plain" | "primary";
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

/** A button that opens a file or folder picker. */
export function PickButton({
  icon,
  folder = false,
  multiple = true,
  variant,
  onFiles,
  children,
}: PickButtonProps) {
  const input = useRef<HTMLInputElement | null>(null);
  return (
    <>
      <Button variant={variant ?? "plain"} icon={icon} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={(element) => {
          input.current = element;
          if (element) element.webkitdirectory = folder;
        }}
        type="file"
        accept="image/*,.tif,.tiff"
        multiple={multiple}
        hidden
        onChange={({ target }) => {
          onFiles([...(target.files ?? [])]);
          // Reset, so that picking the same files again triggers a change event.
          target.value = "";
        }}
      />
    </>
  );
}
