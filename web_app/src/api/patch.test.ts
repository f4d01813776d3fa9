import { describe, expect, it } from "vitest";
import { parsePatchBox } from "./patch";

const image = { width: 100, height: 50 };

describe("X-Patch-Box", () => {
  it("is parsed", () => {
    expect(parsePatchBox("3,4,5,6", image)).toEqual({ x: 3, y: 4, width: 5, height: 6 });
    expect(parsePatchBox(" 0, 0 ,100, 50 ", image)).toEqual({ x: 0, y: 0, width: 100, height: 50 });
  });

  it.each([
    null,
    "",
    "1,2,3",
    "1,2,3,4,5",
    "a,b,c,d",
    "-1,0,5,5",
    "1.5,0,5,5",
    "0,0,0,5",
    "99,0,2,5",
    "0,49,5,2",
  ])("is rejected if malformed: %s", (header) => {
    expect(parsePatchBox(header, image)).toBeNull();
  });
});
