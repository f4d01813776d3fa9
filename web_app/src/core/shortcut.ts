/**
 * A key with what is held down beside it, written as people read it: `Mod+Shift+Z`, `R`, `[`, `Escape`. `Mod` is
 * Command on a Mac and Control elsewhere.
 */
export type Shortcut = string;

/** What a keyboard event tells of a key; `KeyboardEvent` fits. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Whether a key press is the shortcut, on any keyboard layout. */
export function matches(shortcut: Shortcut, press: KeyPress): boolean {
  const { key, mod, alt, shift } = parse(shortcut);
  if ((press.ctrlKey || press.metaKey) !== mod || press.altKey !== alt) return false;
  if (pressedKey(press) !== key) return false;
  // A sign such as + or ? needs Shift on some layouts and not on others.
  return isSign(key) || press.shiftKey === shift;
}

/** The shortcut in the words of the machine: `Ctrl+Z`, or `⌘Z` on a Mac. */
export function describe(shortcut: Shortcut, mac: boolean): string {
  const { mod, alt, shift } = parse(shortcut);
  const key = NAMES[shortcut.replace(/^(?:Mod\+|Alt\+|Shift\+)*/, "")] ?? lastPart(shortcut);
  if (mac) return `${alt ? "⌥" : ""}${shift ? "⇧" : ""}${mod ? "⌘" : ""}${key}`;
  return `${mod ? "Ctrl+" : ""}${alt ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}

const NAMES: Readonly<Record<string, string>> = {
  Escape: "Esc",
  Delete: "Del",
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
};

interface Parts {
  readonly key: string;
  readonly mod: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

function parse(shortcut: Shortcut): Parts {
  const key = lastPart(shortcut).toLowerCase();
  const before = shortcut.slice(0, shortcut.length - key.length);
  return {
    key,
    mod: before.includes("Mod+"),
    alt: before.includes("Alt+"),
    shift: before.includes("Shift+"),
  };
}

/** `+` separates and may be the key itself. */
function lastPart(shortcut: Shortcut): string {
  return /(?:^|\+)(\+|[^+]+)$/.exec(shortcut)?.[1] ?? shortcut;
}

function pressedKey({ key, code, altKey }: KeyPress): string {
  // Where the layout has no Latin letters, or Alt made another sign of the key, its place on the keyboard tells.
  const place = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  if (place !== undefined && (altKey || /[^\u0020-\u007e]/.test(key))) return place;
  return key.toLowerCase();
}

function isSign(key: string): boolean {
  return key.length === 1 && !/[a-z0-9 ]/.test(key);
}
