import { describe, expect, it } from "vitest";
import { DEFAULTS, RANGES, readSettings, requestOptions } from "./settings";

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
