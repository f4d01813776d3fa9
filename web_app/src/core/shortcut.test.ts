import { describe, expect, it } from "vitest";
import { formatShortcut, matches, type KeyPress } from "./shortcut";

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

describe("shortcuts", () => {
  it("require exactly the given modifiers", () => {
    expect(matches("Mod+Z", press("z", { ctrlKey: true }))).toBe(true);
    expect(matches("Mod+Z", press("z", { metaKey: true }))).toBe(true);
    expect(matches("Mod+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(matches("Mod+Shift+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(matches("R", press("r", { altKey: true }))).toBe(false);
    expect(matches("R", press("R", { shiftKey: true }))).toBe(false);
    expect(matches("Shift+R", press("R", { shiftKey: true }))).toBe(true);
  });

  it("match symbols with and without Shift", () => {
    expect(matches("+", press("+"))).toBe(true);
    expect(matches("+", press("+", { shiftKey: true }))).toBe(true);
    expect(matches("?", press("?", { shiftKey: true }))).toBe(true);
    expect(matches("[", press("]"))).toBe(false);
  });

  it("match physical keys on non-Latin layouts", () => {
    expect(matches("Mod+Z", press("я", { code: "KeyZ", ctrlKey: true }))).toBe(true);
    expect(matches("Alt+A", press("å", { code: "KeyA", altKey: true }))).toBe(true);
    // On AZERTY the key "a" is at the position of "q": its character counts.
    expect(matches("A", press("a", { code: "KeyQ" }))).toBe(true);
  });

  it("are formatted for the platform", () => {
    expect(formatShortcut("Mod+Shift+Z", false)).toBe("Ctrl+Shift+Z");
    expect(formatShortcut("Mod+Shift+Z", true)).toBe("⇧⌘Z");
    expect(formatShortcut("Escape", false)).toBe("Esc");
    expect(formatShortcut("Mod++", false)).toBe("Ctrl++");
    expect(formatShortcut("[", true)).toBe("[");
  });
});
