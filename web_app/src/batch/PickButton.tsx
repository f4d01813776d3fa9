import { useRef, type ReactNode } from "react";
import { Button } from "../ui/kit";

export interface PickButtonProps {
  icon: ReactNode;
  /** Whether a folder is picked; its files are what is answered. */
  folder?: boolean;
  multiple?: boolean;
  variant?: "plain" | "primary";
  onFiles: (files: File[]) => void;
  children: ReactNode;
}

/** A button that lets people pick files, or a folder of them. */
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
          // The same files can be picked again.
          target.value = "";
        }}
      />
    </>
  );
}
