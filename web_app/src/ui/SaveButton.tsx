import { Download } from "lucide-react";
import { useState } from "react";
import { exportType, type ExportType } from "../core/files";
import { save } from "../editor/actions";
import { useEditor } from "../editor/store";

const FORMATS: Record<ExportType, string> = {
  "image/png": "PNG",
  "image/jpeg": "JPEG",
  "image/webp": "WebP",
};

/** Downloads the picture, in its own format unless another is chosen. */
export function SaveButton() {
  const own = useEditor((state) => exportType(state.picture?.type ?? ""));
  const [chosen, setChosen] = useState<ExportType | null>(null);
  const type = chosen ?? own;
  return (
    <div className="group">
      <button
        type="button"
        title="Download (Ctrl+S)"
        aria-label="Download"
        data-shortcut="save"
        onClick={() => void save(type)}
      >
        <Download aria-hidden="true" size={18} />
      </button>
      <select
        aria-label="Format of the download"
        value={type}
        onChange={({ target }) => {
          setChosen(target.value as ExportType);
        }}
      >
        {Object.entries(FORMATS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
