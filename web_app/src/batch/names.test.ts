import { describe, expect, it } from "vitest";
import { isImage, maskFor, resultName, stemOf, uniqueNames } from "./names";

describe("file names", () => {
  it.each([
    ["a.jpg", "a"],
    ["folder/a.b.jpg", "a.b"],
    [".hidden", ".hidden"],
    ["plain", "plain"],
  ])("%s has the stem %s", (name, stem) => {
    expect(stemOf(name)).toBe(stem);
  });

  it("isImage filters a folder's files", () => {
    expect(["a.JPG", "b.webp", "c.txt", ".DS_Store", "._a.jpg", "d"].filter(isImage)).toEqual([
      "a.JPG",
      "b.webp",
    ]);
  });

  it("resultName changes the extension if needed", () => {
    expect(resultName("a.JPEG", "image/jpeg")).toBe("a.JPEG");
    expect(resultName("a.gif", "image/png")).toBe("a.png");
    expect(resultName("a.jpg", "image/png; charset=binary")).toBe("a.png");
    expect(resultName("a.jpg", "application/json")).toBe("a.jpg");
  });

  it("uniqueNames numbers duplicates", () => {
    expect(uniqueNames(["a.jpg", "A.jpg", "a.jpg", "a-1.jpg", "b"])).toEqual([
      "a.jpg",
      "A-1.jpg",
      "a-2.jpg",
      "a-1-1.jpg",
      "b",
    ]);
  });

  it("uniqueNames ignores Unicode normalisation", () => {
    expect(uniqueNames(["\u00e9.jpg", "e\u0301.jpg"])).toEqual(["\u00e9.jpg", "e\u0301-1.jpg"]);
  });
});

describe("maskFor", () => {
  const masks = [{ name: "one.png" }, { name: "Two.png" }, { name: "three_mask.png" }];

  it.each([
    ["one.jpg", "one.png"],
    ["TWO.JPG", "Two.png"],
    ["sub/three.webp", "three_mask.png"],
  ])("finds for %s the mask %s", (image, mask) => {
    expect(maskFor(image, masks)?.name).toBe(mask);
  });

  it.each([
    ["\u00e9.jpg", "e\u0301.png"],
    ["e\u0301.jpg", "\u00c9.png"],
    ["\u304c.jpg", "\u304b\u3099_mask.png"],
  ])("ignores Unicode normalisation: %s, %s", (image, mask) => {
    expect(maskFor(image, [...masks, { name: mask }])?.name).toBe(mask);
  });

  it("is null without a matching stem", () => {
    expect(maskFor("four.jpg", masks)).toBeNull();
  });
});
