import { describe, expect, it } from "vitest";
import { arrange, neighbour } from "./arrange";

const medias = [
  { name: "img10.png", ctime: 1, mtime: 30 },
  { name: "img9.png", ctime: 3, mtime: 10 },
  { name: "Beach.jpg", ctime: 2, mtime: 10 },
].map((media) => ({ ...media, width: 4, height: 3 }));

const names = (arrangement: Partial<Parameters<typeof arrange>[1]>) =>
  arrange(medias, { search: "", sort: "name", descending: false, ...arrangement }).map(({ name }) => name);

describe("the pictures of a folder", () => {
  it("are sorted by name, with numbers as numbers", () => {
    expect(names({})).toEqual(["Beach.jpg", "img9.png", "img10.png"]);
    expect(names({ descending: true })).toEqual(["img10.png", "img9.png", "Beach.jpg"]);
  });

  it("are sorted by time, and by name where times are equal", () => {
    expect(names({ sort: "created" })).toEqual(["img10.png", "Beach.jpg", "img9.png"]);
    expect(names({ sort: "modified" })).toEqual(["Beach.jpg", "img9.png", "img10.png"]);
  });

  it("are found by a part of the name, case aside", () => {
    expect(names({ search: " IMG1 " })).toEqual(["img10.png"]);
    expect(names({ search: "nothing" })).toEqual([]);
  });

  it("are found in another Unicode normalisation", () => {
    const [media] = medias;
    const decomposed = media ? [{ ...media, name: "Caf\u0065\u0301.png" }] : [];
    const found = arrange(decomposed, { search: "caf\u00e9", sort: "name", descending: false });
    expect(found).toHaveLength(1);
  });

  it("have neighbours", () => {
    expect(neighbour(medias, "img9.png", 1)?.name).toBe("Beach.jpg");
    expect(neighbour(medias, "img9.png", -1)?.name).toBe("img10.png");
    expect(neighbour(medias, "img10.png", -1)).toBeNull();
    expect(neighbour(medias, "gone.png", 1)).toBeNull();
  });
});
