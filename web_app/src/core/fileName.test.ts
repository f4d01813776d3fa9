import { describe, expect, it } from "vitest";
import { comparableName, joinName } from "./fileName";

describe("file names", () => {
  it("compare without case and normalisation", () => {
    expect(comparableName("\u00c9.PNG")).toBe(comparableName("e\u0301.png"));
    expect(comparableName("\ud55c.png")).toBe(comparableName("\u1112\u1161\u11ab.png"));
    expect(comparableName("a.png")).not.toBe(comparableName("\u00e1.png"));
  });

  it.each([
    ["photo", "_cleanup.jpg", "photo_cleanup.jpg"],
    ["\u5199".repeat(85), "_cleanup.jpg", `${"\u5199".repeat(81)}_cleanup.jpg`],
    ["\u{1f600}".repeat(70), "-1.png", `${"\u{1f600}".repeat(62)}-1.png`],
    ["a".repeat(255), ".png", `${"a".repeat(251)}.png`],
  ])("fit into 255 bytes: case %#", (stem, suffix, expected) => {
    expect(joinName(stem, suffix)).toBe(expected);
  });
});
