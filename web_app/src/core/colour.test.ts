import { describe, expect, it } from "vitest";
import { toScreen } from "./colour";
import { concat, fromLatin1 } from "./metadata/metadata";

type Colorants = readonly (readonly [number, number, number])[];

const SRGB: Colorants = [
  [0.43607, 0.22249, 0.01392],
  [0.38515, 0.71687, 0.09708],
  [0.14307, 0.06061, 0.7141],
];
const ADOBE: Colorants = [
  [0.60974, 0.31111, 0.01947],
  [0.20528, 0.62567, 0.06087],
  [0.14919, 0.06322, 0.74457],
];
const DISPLAY_P3: Colorants = [
  [0.51512, 0.2412, -0.00105],
  [0.29198, 0.69225, 0.04189],
  [0.1571, 0.06657, 0.78407],
];

function words(size: 2 | 4, ...numbers: number[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(numbers.length * size));
  numbers.forEach((number, index) => {
    if (size === 2) bytes.setUint16(index * 2, number);
    else bytes.setInt32(index * 4, number);
  });
  return new Uint8Array(bytes.buffer);
}

const fixed = (...numbers: number[]) => words(4, ...numbers.map((number) => Math.round(number * 65_536)));

/** A tone curve with a gamma value. */
const gamma = (exponent: number) =>
  concat(fromLatin1("curv\0\0\0\0"), words(4, 1), words(2, Math.round(exponent * 256), 0));
/** The sRGB transfer function as a parametric curve, and as a table. */
const srgbFunction = concat(
  fromLatin1("para\0\0\0\0"),
  words(2, 3, 0),
  fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
);
const srgbTable = concat(
  fromLatin1("curv\0\0\0\0"),
  words(4, 1024),
  words(
    2,
    ...Array.from({ length: 1024 }, (_, index) => {
      const x = index / 1023;
      return Math.round(65_535 * (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
    }),
  ),
);

/** Returns an ICC profile of three colorants and one tone curve. */
function profile(colorants: Colorants, curve: Uint8Array): Uint8Array {
  const tags = [
    ...["rXYZ", "gXYZ", "bXYZ"].map(
      (name, index) =>
        [name, concat(fromLatin1("XYZ \0\0\0\0"), fixed(...(colorants[index] ?? [])))] as const,
    ),
    ...["rTRC", "gTRC", "bTRC"].map((name) => [name, curve] as const),
  ];
  let at = 132 + tags.length * 12;
  const table = tags.map(([name, body]) => {
    const entry = concat(fromLatin1(name), words(4, at, body.length));
    at += body.length;
    return entry;
  });
  return concat(new Uint8Array(128), words(4, tags.length), ...table, ...tags.map(([, body]) => body));
}

function shown(icc: Uint8Array, space: "srgb" | "display-p3", ...rgba: number[]): number[] {
  const pixels = Uint8ClampedArray.from(rgba);
  toScreen(icc, space)?.(pixels);
  return [...pixels];
}

describe("toScreen", () => {
  // Expected values by Little CMS, relative colorimetric intent.
  it.each([
    [
      [200, 100, 50],
      [227, 100, 42],
    ],
    [
      [60, 180, 90],
      [0, 181, 83],
    ],
    [
      [128, 128, 128],
      [129, 129, 129],
    ],
    [
      [20, 40, 230],
      [0, 35, 235],
    ],
    [
      [250, 240, 230],
      [254, 240, 230],
    ],
  ])("converts Adobe RGB %s to sRGB %s", (from, to) => {
    const pixel = shown(profile(ADOBE, gamma(563 / 256)), "srgb", ...from, 77);
    expect(pixel[3]).toBe(77);
    to.forEach((value, channel) => {
      expect(Math.abs((pixel[channel] ?? 0) - value), `channel ${channel}`).toBeLessThanOrEqual(1);
    });
  });

  it.each([
    ["function", srgbFunction],
    ["table", srgbTable],
  ])("is null for the screen's own profile (%s)", (_, curve) => {
    expect(toScreen(profile(SRGB, curve), "srgb")).toBeNull();
    expect(toScreen(profile(DISPLAY_P3, curve), "display-p3")).toBeNull();
    expect(toScreen(profile(DISPLAY_P3, curve), "srgb")).not.toBeNull();
  });

  it("keeps the gamut of a wide screen", () => {
    const icc = profile(DISPLAY_P3, srgbFunction);
    expect(shown(icc, "display-p3", 255, 40, 40, 255)).toEqual([255, 40, 40, 255]);
    expect(shown(icc, "srgb", 255, 0, 0, 255)).toEqual([255, 0, 0, 255]);
    expect(shown(icc, "srgb", 200, 40, 40, 255)[0]).toBeGreaterThan(210);
  });

  it.each([0, 100, 131, 140, 200, 250])("is null for a profile truncated to %s bytes", (length) => {
    expect(toScreen(profile(ADOBE, gamma(2.2)).subarray(0, length), "srgb")).toBeNull();
  });
});
