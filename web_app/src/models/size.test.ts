import { describe, expect, it } from "vitest";
import { sizeText } from "./size";

describe("sizes of files", () => {
  it.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [12_345, "12.3 kB"],
    [205_669_692, "206 MB"],
    [4_200_000_000, "4.2 GB"],
  ])("%i reads %s", (bytes, text) => {
    expect(sizeText(bytes, "en")).toBe(text);
  });
});
