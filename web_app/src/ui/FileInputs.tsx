import { importMask } from "../editor/commands/mask";
import { open } from "../editor/commands/session";
import { setPicker, type Purpose } from "../editor/pick";
import { useT } from "../i18n";

/** The hidden file inputs that `pick` opens. */
export function FileInputs() {
  const t = useT();
  return (
    <>
      <FileInput purpose="image" label={t("files.image")} onFile={open} />
      <FileInput purpose="mask" label={t("files.mask")} onFile={importMask} />
    </>
  );
}

interface FileInputProps {
  purpose: Purpose;
  label: string;
  onFile: (file: File) => Promise<void>;
}

function FileInput({ purpose, label, onFile }: FileInputProps) {
  return (
    <input
      ref={(input) => {
        setPicker(purpose, input);
      }}
      type="file"
      accept="image/*,.tif,.tiff"
      hidden
      data-purpose={purpose}
      aria-label={label}
      onChange={({ target }) => {
        const file = target.files?.[0];
        if (file) void onFile(file);
        // Without this, choosing the same file again fires no change event.
        target.value = "";
      }}
    />
  );
}
