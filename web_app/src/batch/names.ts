import { comparableName, joinName } from "../core/fileName";

/** A name without its folder and its extension. */
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

/** Endings of files that can be filled. */
const PICTURES = new Set(Object.values(EXTENSIONS).flat());

/** Whether a file's name says that it is a picture. */
export function isPicture(name: string): boolean {
  return !name.startsWith(".") && PICTURES.has(extensionOf(name));
}

/** The name for a result of this type: the picture's own where its extension suits. */
export function resultName(name: string, type: string): string {
  const fitting = EXTENSIONS[type.split(";")[0]?.trim() ?? ""];
  if (!fitting || fitting.includes(extensionOf(name))) return name;
  return joinName(stemOf(name), `.${fitting[0] ?? "png"}`);
}

/** The same names, numbered where one came before: `a.jpg`, `a-1.jpg`; compared by {@link comparableName}. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    for (let number = 1; taken.has(comparableName(unique)); number++)
      unique = joinName(stem, `-${number}${end}`);
    taken.add(comparableName(unique));
    return unique;
  });
}

/**
 * The mask for each photo, by stem (`a.jpg` and `a.png`), compared by {@link comparableName}; a mask may also be named
 * `a_mask.png`.
 */
export function maskFor<M extends { readonly name: string }>(photo: string, masks: readonly M[]): M | null {
  const wanted = comparableName(stemOf(photo));
  const stem = (mask: M): string => comparableName(stemOf(mask.name));
  return (
    masks.find((mask) => stem(mask) === wanted) ??
    masks.find((mask) => stem(mask).replace(/[-_]mask$/, "") === wanted) ??
    null
  );
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).toLowerCase();
}
