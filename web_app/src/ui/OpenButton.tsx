import { ImagePlus } from "lucide-react";
import { useRef } from "react";
import { open } from "../editor/actions";

/** A button that lets people pick a file. */
export function OpenButton({ primary = false }: { primary?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className={primary ? "primary" : undefined}
        title="Open a picture (Ctrl+O)"
        data-shortcut="open"
        onClick={() => input.current?.click()}
      >
        <ImagePlus aria-hidden="true" size={18} />
        <span>{primary ? "Open a picture" : "Open"}</span>
      </button>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        aria-label="Picture"
        onChange={({ target }) => {
          const file = target.files?.[0];
          if (file) void open(file);
          // The same file can be picked again.
          target.value = "";
        }}
      />
    </>
  );
}
