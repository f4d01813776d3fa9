import { open } from "../editor/commands";
import { setPicker } from "../editor/pick";

/** The hidden field behind everything that opens a picture. */
export function PictureInput() {
  return (
    <input
      ref={setPicker}
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
  );
}
