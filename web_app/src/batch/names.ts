import { comparableName, joinName } from "../core/fileName";

/** Returns a name without folder and extension. */
export function stemOf(name: string): string {
  const file = name.slice(name.lastIndexOf("/") + 1);
  const dot = file.lastIndexOf(".");
  return dot > 0 ? file.slice(0, dot) : file;
}

const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  "image/png": ["png"],
  "image/jpeg": ["jpg", "jpeg", "jfif"],
  "image/webp": ["webp"],
  "image/bmp": ["bmp"],
  "image/tiff": ["tif", "tiff"],
  "image/gif": ["gif"],
};

/** Extensions of formats that the server decodes. */
const IMAGES = new Set(Object.values(EXTENSIONS).flat());

/** Returns true for names with the extension of an image format. */
export function isImage(name: string): boolean {
  return !name.startsWith(".") && IMAGES.has(extensionOf(name));
}

/** Returns the name for a result of this MIME type; keeps a matching extension. */
export function resultName(name: string, type: string): string {
  const extensions = EXTENSIONS[type.split(";")[0]?.trim() ?? ""];
  if (!extensions || extensions.includes(extensionOf(name))) return name;
  return joinName(stemOf(name), `.${extensions[0] ?? "png"}`);
}

/** Appends numbers to duplicate names: `a.jpg`, `a-1.jpg`; compares by {@link comparableName}. */
export function uniqueNames(names: readonly string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let unique = name;
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    for (let number = 1; used.has(comparableName(unique)); number++)
      unique = joinName(stem, `-${number}${end}`);
    used.add(comparableName(unique));
    return unique;
  });
}

/**
 * Finds an image's mask by stem (`a.jpg` and `a.png`, or `a_mask.png`); compares by {@link comparableName}.
 */
export function maskFor<M extends { readonly name: string }>(image: string, masks: readonly M[]): M | null {
  const imageStem = comparableName(stemOf(image));
  const stem = (mask: M): string => comparableName(stemOf(mask.name));
  return (
    masks.find((mask) => stem(mask) === imageStem) ??
    masks.find((mask) => stem(mask).replace(/[-_]mask$/, "") === imageStem) ??
    null
  );
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).toLowerCase();
}
