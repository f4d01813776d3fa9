import { describe as suite, expect, it } from "vitest";
import { describe, matches, type KeyPress } from "./shortcut";

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

suite("shortcuts", () => {
  it("want exactly what is held", () => {
    expect(matches("Mod+Z", press("z", { ctrlKey: true }))).toBe(true);
    expect(matches("Mod+Z", press("z", { metaKey: true }))).toBe(true);
    expect(matches("Mod+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(false);
    expect(matches("Mod+Shift+Z", press("Z", { ctrlKey: true, shiftKey: true }))).toBe(true);
    expect(matches("R", press("r", { altKey: true }))).toBe(false);
    expect(matches("R", press("R", { shiftKey: true }))).toBe(false);
    expect(matches("Shift+R", press("R", { shiftKey: true }))).toBe(true);
  });

  it("take signs with and without Shift, as the layout has it", () => {
    expect(matches("+", press("+"))).toBe(true);
    expect(matches("+", press("+", { shiftKey: true }))).toBe(true);
    expect(matches("?", press("?", { shiftKey: true }))).toBe(true);
    expect(matches("[", press("]"))).toBe(false);
  });

  it("work on layouts without Latin letters and where Alt makes another sign", () => {
    expect(matches("Mod+Z", press("я", { code: "KeyZ", ctrlKey: true }))).toBe(true);
    expect(matches("Alt+A", press("å", { code: "KeyA", altKey: true }))).toBe(true);
    // On AZERTY the key that says "a" lies where "q" does elsewhere: what it says counts.
    expect(matches("A", press("a", { code: "KeyQ" }))).toBe(true);
  });

  it("are written as the machine's people know them", () => {
    expect(describe("Mod+Shift+Z", false)).toBe("Ctrl+Shift+Z");
    expect(describe("Mod+Shift+Z", true)).toBe("⇧⌘Z");
    expect(describe("Escape", false)).toBe("Esc");
    expect(describe("Mod++", false)).toBe("Ctrl++");
    expect(describe("[", true)).toBe("[");
  });
});
