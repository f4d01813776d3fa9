import { joinName } from "./fileName";

/** Formats that every browser with a canvas can write. */
export type ExportType = "image/png" | "image/jpeg" | "image/webp";

const EXTENSIONS: Record<ExportType, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
};

/** What a picture of this type is saved as: its own format where a canvas can write it, else PNG. */
export function exportType(type: string): ExportType {
  return type === "image/jpeg" || type === "image/webp" ? type : "image/png";
}

/** `holiday.jpg` becomes `holiday_cleanup.jpg`; the extension is kept where it suits the type, a long stem is shortened. */
export function exportName(name: string, type: ExportType): string {
  const dot = name.lastIndexOf(".");
  const stem = dot > 0 ? name.slice(0, dot) : name;
  const extension = dot > 0 ? name.slice(dot + 1) : "";
  const fits =
    extension.toLowerCase() === EXTENSIONS[type] || (type === "image/jpeg" && /^jpe?g$/i.test(extension));
  return joinName(stem || "image", `_cleanup.${fits ? extension : EXTENSIONS[type]}`);
}
