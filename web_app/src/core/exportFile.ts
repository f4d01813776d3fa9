import { joinName } from "./fileName";

/** Formats that every browser's canvas can encode. */
export type ExportType = "image/png" | "image/jpeg" | "image/webp";

const EXTENSIONS: Record<ExportType, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
};

/**
 * Returns the format an image of this MIME type is saved in: its own if a canvas can encode it, otherwise
 * PNG.
 */
export function exportType(type: string): ExportType {
  return type === "image/jpeg" || type === "image/webp" ? type : "image/png";
}

/**
 * Returns the name of a saved result: `holiday.jpg` becomes `holiday_cleanup.jpg`. Keeps an extension that
 * matches the type and truncates a long stem.
 */
export function exportName(name: string, type: ExportType): string {
  const dot = name.lastIndexOf(".");
  const stem = dot > 0 ? name.slice(0, dot) : name;
  const extension = dot > 0 ? name.slice(dot + 1) : "";
  const fits =
    extension.toLowerCase() === EXTENSIONS[type] || (type === "image/jpeg" && /^jpe?g$/i.test(extension));
  return joinName(stem || "image", `_cleanup.${fits ? extension : EXTENSIONS[type]}`);
}
