import { describe, expect, it } from "vitest";
import {
  DEFAULTS,
  maskReach,
  outputType,
  RANGES,
  readSettings,
  requestOptions,
  SAVE_FORMATS,
  STRATEGIES,
  THEMES,
} from "./settings";

describe("readSettings", () => {
  it("restores stored settings", () => {
    const stored = { ...DEFAULTS, theme: "dark", manual: true, cropMargin: 64, saveFormat: "webp" };
    expect(readSettings(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
  });

  it.each([null, undefined, 7, "x", [], {}])("returns the defaults for %j", (stored) => {
    expect(readSettings(stored)).toEqual(DEFAULTS);
  });

  it("ignores invalid values and unknown keys", () => {
    const stored = {
      theme: "pink",
      cropTrigger: -5,
      cv2Radius: "4",
      manual: "yes",
      maskOpacity: NaN,
      unknownKey: 1,
    };
    expect(readSettings(stored)).toEqual(DEFAULTS);
  });

  it("keeps the valid values", () => {
    expect(readSettings({ theme: "light", cropTrigger: -5 })).toEqual({ ...DEFAULTS, theme: "light" });
  });

  it("accepts every choice", () => {
    for (const theme of THEMES) expect(readSettings({ theme }).theme).toBe(theme);
    for (const strategy of STRATEGIES) expect(readSettings({ strategy }).strategy).toBe(strategy);
    for (const saveFormat of SAVE_FORMATS) expect(readSettings({ saveFormat }).saveFormat).toBe(saveFormat);
  });

  it("accepts the ends of a range only", () => {
    for (const [name, { min, max }] of Object.entries(RANGES)) {
      for (const value of [min, max])
        expect(readSettings({ [name]: value })).toMatchObject({ [name]: value });
      for (const value of [min - 1, max + 1, Infinity, NaN])
        expect(readSettings({ [name]: value }), `${name} ${value}`).toEqual(DEFAULTS);
    }
  });

  it("has defaults within the ranges", () => {
    for (const [name, { min, max }] of Object.entries(RANGES)) {
      const value = DEFAULTS[name as keyof typeof RANGES];
      expect(value, name).toBeGreaterThanOrEqual(min);
      expect(value, name).toBeLessThanOrEqual(max);
    }
  });
});

describe("requestOptions", () => {
  it("maps settings to request fields", () => {
    expect(requestOptions({ ...DEFAULTS, strategy: "Resize", cv2Radius: 9 })).toMatchObject({
      hd_strategy: "Resize",
      hd_strategy_crop_trigger_size: 800,
      hd_strategy_resize_limit: 1280,
      cv2_flag: "INPAINT_NS",
      cv2_radius: 9,
    });
  });
});

describe("maskReach", () => {
  it("includes strokes", () => {
    expect(maskReach({ ...DEFAULTS, maskGrowth: 7 })).toBe(7);
    expect(maskReach({ ...DEFAULTS, maskGrowth: 7, coverStrokes: true })).toBeGreaterThan(7 + 32);
  });
});

describe("outputType", () => {
  it.each([
    ["same", "image/webp", false, "image/webp"],
    ["same", "image/jpeg", false, "image/jpeg"],
    ["same", "image/tiff", false, "image/png"],
    ["same", "image/webp", true, "image/webp"],
    ["same", "image/jpeg", true, "image/png"],
    ["jpeg", "image/png", true, "image/jpeg"],
    ["png", "image/jpeg", false, "image/png"],
    ["webp", "", false, "image/webp"],
  ] as const)("saves %s of %s, transparent: %s, as %s", (saveFormat, sourceType, transparent, expected) => {
    expect(outputType({ ...DEFAULTS, saveFormat }, sourceType, transparent)).toBe(expected);
  });
});
