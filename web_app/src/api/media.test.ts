import { describe, expect, it } from "vitest";
import { nameOf, thumbnailUrl } from "./media";

describe("nameOf", () => {
  it.each([
    [`inline; filename="photo.jpg"`, "photo.jpg"],
    [`inline; filename=photo.jpg; size=3`, "photo.jpg"],
    [`inline; filename="p.jpg"; filename*=UTF-8''%E5%9B%BE.jpg`, "图.jpg"],
    [`inline; filename*=UTF-8''%E5%9; filename="p.jpg"`, "p.jpg"],
    ["inline", null],
    [null, null],
  ])("reads %s as %s", (header, name) => {
    expect(nameOf(header)).toBe(name);
  });
});

describe("thumbnailUrl", () => {
  it("escapes any name", () => {
    expect(thumbnailUrl("input", "a&b=c #1.jpg", 256)).toBe(
      "api/v1/media_thumbnail_file?tab=input&filename=a%26b%3Dc+%231.jpg&width=256",
    );
  });
});
