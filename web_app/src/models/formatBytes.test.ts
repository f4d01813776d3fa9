import { describe, expect, it } from "vitest";
import { formatBytes } from "./formatBytes";

describe("formatBytes", () => {
  it.each([
    [0, "0 byte"],
    [999, "999 byte"],
    [12_345, "12.3 kB"],
    [205_669_692, "206 MB"],
    [4_200_000_000, "4.2 GB"],
  ])("formats %i as %s", (bytes, text) => {
    expect(formatBytes(bytes, "en")).toBe(text);
  });
});
