import { describe, expect, it } from "vitest";
import { DEFAULTS, RANGES, readSettings, requestOptions } from "./settings";

describe("settings", () => {
  it("are taken as they were stored", () => {
    const stored = { ...DEFAULTS, theme: "dark", manual: true, cropMargin: 64, saveFormat: "webp" };
    expect(readSettings(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
  });

  it.each([null, undefined, 7, "x", [], {}])("are the defaults where %s is stored", (stored) => {
    expect(readSettings(stored)).toEqual(DEFAULTS);
  });

  it("are not believed where they make no sense, and nothing foreign comes along", () => {
    const stored = {
      theme: "pink",
      cropTrigger: -5,
      cv2Radius: "4",
      manual: "yes",
      maskOpacity: NaN,
      evil: 1,
    };
    expect(readSettings(stored)).toEqual(DEFAULTS);
  });

  it("keep their good parts", () => {
    expect(readSettings({ theme: "light", cropTrigger: -5 })).toEqual({ ...DEFAULTS, theme: "light" });
  });

  it("have defaults within their ranges", () => {
    for (const [name, { min, max }] of Object.entries(RANGES)) {
      const value = DEFAULTS[name as keyof typeof RANGES];
      expect(value, name).toBeGreaterThanOrEqual(min);
      expect(value, name).toBeLessThanOrEqual(max);
    }
  });

  it("become fields of a request", () => {
    expect(requestOptions({ ...DEFAULTS, strategy: "Resize", cv2Radius: 9 })).toMatchObject({
      hd_strategy: "Resize",
      hd_strategy_crop_trigger_size: 800,
      hd_strategy_resize_limit: 1280,
      cv2_flag: "INPAINT_NS",
      cv2_radius: 9,
    });
  });
});
