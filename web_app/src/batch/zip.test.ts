import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { partition, zip } from "./zip";

describe("zip", () => {
  it("stores every file unchanged", async () => {
    // Larger than one chunk of a blob's stream.
    const large = "image ".repeat(20_000);
    const entries = [
      { name: "a.jpg", blob: new Blob([large]) },
      { name: "ä 图.png", blob: new Blob(["text"]) },
      { name: "empty.png", blob: new Blob([]) },
    ];
    const archive = await zip(entries, new Date(2026, 0, 2, 3, 4, 6));
    const files = unzipSync(new Uint8Array(await archive.arrayBuffer()));
    expect(Object.keys(files)).toEqual(["a.jpg", "ä 图.png", "empty.png"]);
    const text = (name: string) => new TextDecoder().decode(files[name]);
    expect(text("a.jpg") === large).toBe(true);
    expect(text("ä 图.png")).toBe("text");
  });

  it("partition splits at the size limit", () => {
    const entry = (size: number) => ({ name: String(size), blob: new Blob(["x".repeat(size)]) });
    const parts = partition([entry(6), entry(4), entry(1), entry(20), entry(3)], 10);
    expect(parts.map((part) => part.map(({ name }) => name))).toEqual([["6", "4"], ["1"], ["20"], ["3"]]);
  });

  it("partition of nothing is empty", () => {
    expect(partition([], 10)).toEqual([]);
  });
});
