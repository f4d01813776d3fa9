import { describe, expect, it } from "vitest";
import { readView } from "./view";

describe("readView", () => {
  it("restores a stored view", () => {
    const view = { sort: "modified", descending: true, layout: "masonry" };
    expect(readView(view)).toEqual(view);
  });

  it.each([null, undefined, 7, "rows", [], {}])("returns nothing for %j", (stored) => {
    expect(readView(stored)).toEqual({});
  });

  it("ignores invalid values and unknown keys", () => {
    const stored = { sort: "size", descending: "yes", layout: "list", search: "beach", tab: "mask" };
    expect(readView(stored)).toEqual({});
    expect(readView({ ...stored, descending: false })).toEqual({ descending: false });
  });
});
