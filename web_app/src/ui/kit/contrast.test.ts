import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/ui/kit/tokens.css", "utf8");

/** A token's colour in a theme, from `--name: light-dark(#light, #dark)`. */
function colour(name: string, theme: "light" | "dark"): [number, number, number] {
  const [, light = "", dark = ""] =
    new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css) ?? [];
  const hex = theme === "light" ? light : dark;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255) as [number, number, number];
}

/** Relative luminance (WCAG 2.2). */
function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio (WCAG 2.2). */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const GROUNDS = ["ground", "surface", "raised", "sunken", "hover"];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  it.each(["text", "soft", "good", "warn", "bad", "accent"])("shows %s clearly on every ground", (ink) => {
    for (const ground of GROUNDS)
      expect(contrast(colour(ink, theme), colour(ground, theme)), ground).toBeGreaterThanOrEqual(4.5);
  });

  it.each([
    ["on-accent", "accent"],
    ["on-accent", "accent-hover"],
    ["accent", "accent-soft"],
    ["text", "pressed"],
    ["text", "accent-soft"],
  ])("shows %s clearly on %s", (ink, ground) => {
    expect(contrast(colour(ink, theme), colour(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it("outlines controls with a contrast of 3", () => {
    for (const ground of GROUNDS)
      expect(contrast(colour("edge", theme), colour(ground, theme)), ground).toBeGreaterThanOrEqual(3);
  });
});
