import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/ui/kit/tokens.css", "utf8");

/** Reads a token's colour in a theme from `--name: light-dark(#light, #dark)`; channels from 0 to 1. */
function colour(name: string, theme: "light" | "dark"): [number, number, number] {
  const [, light = "", dark = ""] =
    new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css) ?? [];
  const hex = theme === "light" ? light : dark;
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16) / 255) as [
    number,
    number,
    number,
  ];
}

/** Relative luminance (WCAG 2.2). */
function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio (WCAG 2.2). */
function contrast(foreground: readonly number[], background: readonly number[]): number {
  const [a, b] = [luminance(foreground), luminance(background)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const BACKGROUNDS = ["ground", "surface", "raised", "sunken", "hover"];

describe.each(["light", "dark"] as const)("%s theme", (theme) => {
  it.each(["text", "soft", "good", "warn", "bad", "accent"])(
    "%s has a contrast of 4.5 on every background",
    (token) => {
      for (const background of BACKGROUNDS)
        expect(contrast(colour(token, theme), colour(background, theme)), background).toBeGreaterThanOrEqual(
          4.5,
        );
    },
  );

  it.each([
    ["on-accent", "accent"],
    ["on-accent", "accent-hover"],
    ["accent", "accent-soft"],
    ["text", "pressed"],
    ["text", "accent-soft"],
  ])("%s has a contrast of 4.5 on %s", (token, background) => {
    expect(contrast(colour(token, theme), colour(background, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it("edge has a contrast of 3", () => {
    for (const background of BACKGROUNDS)
      expect(contrast(colour("edge", theme), colour(background, theme)), background).toBeGreaterThanOrEqual(
        3,
      );
  });
});
