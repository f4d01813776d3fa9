/**
 * A key with modifiers, such as `Mod+Shift+Z`, `R`, `[` or `Escape`. `Mod` is Command on a Mac and Control
 * elsewhere.
 */
export type Shortcut = string;

/** The fields of a `KeyboardEvent` that identify a shortcut. */
export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Returns true if a key press matches the shortcut, on any keyboard layout. */
export function matches(shortcut: Shortcut, press: KeyPress): boolean {
  const { key, mod, alt, shift } = parse(shortcut);
  if ((press.ctrlKey || press.metaKey) !== mod || press.altKey !== alt) return false;
  if (pressedKey(press) !== key) return false;
  // Symbols such as + or ? require Shift on some layouts only.
  return isSymbol(key) || press.shiftKey === shift;
}

/** Formats a shortcut for display: `Ctrl+Z`, or `⌘Z` on a Mac. */
export function formatShortcut(shortcut: Shortcut, mac: boolean): string {
  const { mod, alt, shift } = parse(shortcut);
  const key = NAMES[shortcut.replace(/^(?:Mod\+|Alt\+|Shift\+)*/, "")] ?? keyOf(shortcut);
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

interface ParsedShortcut {
  readonly key: string;
  readonly mod: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
}

function parse(shortcut: Shortcut): ParsedShortcut {
  const key = keyOf(shortcut).toLowerCase();
  const modifiers = shortcut.slice(0, shortcut.length - key.length);
  return {
    key,
    mod: modifiers.includes("Mod+"),
    alt: modifiers.includes("Alt+"),
    shift: modifiers.includes("Shift+"),
  };
}

/** Returns the key; `+` is the separator and can be the key itself. */
function keyOf(shortcut: Shortcut): string {
  return /(?:^|\+)(\+|[^+]+)$/.exec(shortcut)?.[1] ?? shortcut;
}

function pressedKey({ key, code, altKey }: KeyPress): string {
  // Falls back to the physical key on layouts without Latin letters, and if Alt produced another character.
  const physicalKey = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  if (physicalKey !== undefined && (altKey || /[^\u0020-\u007e]/.test(key))) return physicalKey;
  return key.toLowerCase();
}

function isSymbol(key: string): boolean {
  return key.length === 1 && !/[a-z0-9 ]/.test(key);
}
