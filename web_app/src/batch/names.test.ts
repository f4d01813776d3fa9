import { describe, expect, it } from "vitest";
import { isPicture, maskFor, resultName, stemOf, uniqueNames } from "./names";

describe("names of files", () => {
  it.each([
    ["a.jpg", "a"],
    ["folder/a.b.jpg", "a.b"],
    [".hidden", ".hidden"],
    ["plain", "plain"],
  ])("%s has the stem %s", (name, stem) => {
    expect(stemOf(name)).toBe(stem);
  });

  it("tell pictures from the rest of a folder", () => {
    expect(["a.JPG", "b.webp", "c.txt", ".DS_Store", "._a.jpg", "d"].filter(isPicture)).toEqual([
      "a.JPG",
      "b.webp",
    ]);
  });

  it("stay for results, unless the format is another", () => {
    expect(resultName("a.JPEG", "image/jpeg")).toBe("a.JPEG");
    expect(resultName("a.gif", "image/png")).toBe("a.png");
    expect(resultName("a.jpg", "image/png; charset=binary")).toBe("a.png");
    expect(resultName("a.jpg", "application/json")).toBe("a.jpg");
  });

  it("are told apart in one folder", () => {
    expect(uniqueNames(["a.jpg", "A.jpg", "a.jpg", "a-1.jpg", "b"])).toEqual([
      "a.jpg",
      "A-1.jpg",
      "a-2.jpg",
      "a-1-1.jpg",
      "b",
    ]);
  });

  it("are told apart in any Unicode normalisation", () => {
    expect(uniqueNames(["\u00e9.jpg", "e\u0301.jpg"])).toEqual(["\u00e9.jpg", "e\u0301-1.jpg"]);
  });
});

describe("the mask of a photo", () => {
  const masks = [{ name: "one.png" }, { name: "Two.png" }, { name: "three_mask.png" }];

  it.each([
    ["one.jpg", "one.png"],
    ["TWO.JPG", "Two.png"],
    ["sub/three.webp", "three_mask.png"],
  ])("of %s is %s", (photo, mask) => {
    expect(maskFor(photo, masks)?.name).toBe(mask);
  });

  it.each([
    ["\u00e9.jpg", "e\u0301.png"],
    ["e\u0301.jpg", "\u00c9.png"],
    ["\u304c.jpg", "\u304b\u3099_mask.png"],
  ])("is found in another Unicode normalisation: %s, %s", (photo, mask) => {
    expect(maskFor(photo, [...masks, { name: mask }])?.name).toBe(mask);
  });

  it("is none where no stem fits", () => {
    expect(maskFor("four.jpg", masks)).toBeNull();
  });
});
