import { importMask } from "../editor/commands/mask";
import { open } from "../editor/commands/session";
import { setPicker, type Purpose } from "../editor/pick";
import { useT } from "../i18n";

/** The hidden fields behind everything that picks a file. */
export function FileInputs() {
  const t = useT();
  return (
    <>
      <FileInput purpose="picture" label={t("files.picture")} take={open} />
      <FileInput purpose="mask" label={t("files.mask")} take={importMask} />
    </>
  );
}

interface FileInputProps {
  purpose: Purpose;
  label: string;
  take: (file: File) => Promise<void>;
}

function FileInput({ purpose, label, take }: FileInputProps) {
  return (
    <input
      ref={(field) => {
        setPicker(purpose, field);
      }}
      type="file"
      accept="image/*,.tif,.tiff"
      hidden
      data-purpose={purpose}
      aria-label={label}
      onChange={({ target }) => {
        const file = target.files?.[0];
        if (file) void take(file);
        // The same file can be picked again.
        target.value = "";
      }}
    />
  );
}
