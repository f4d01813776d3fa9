import { describe, expect, it } from "vitest";
import { listImages, neighbour } from "./listing";

const medias = [
  { name: "img10.png", ctime: 1, mtime: 30 },
  { name: "img9.png", ctime: 3, mtime: 10 },
  { name: "Beach.jpg", ctime: 2, mtime: 10 },
].map((media) => ({ ...media, width: 4, height: 3 }));

const names = (options: Partial<Parameters<typeof listImages>[1]>) =>
  listImages(medias, { search: "", sort: "name", descending: false, ...options }).map(({ name }) => name);

describe("listImages", () => {
  it("sorts by name with numeric order", () => {
    expect(names({})).toEqual(["Beach.jpg", "img9.png", "img10.png"]);
    expect(names({ descending: true })).toEqual(["img10.png", "img9.png", "Beach.jpg"]);
  });

  it("sorts by time, then by name", () => {
    expect(names({ sort: "created" })).toEqual(["img10.png", "Beach.jpg", "img9.png"]);
    expect(names({ sort: "modified" })).toEqual(["Beach.jpg", "img9.png", "img10.png"]);
  });

  it("searches names case-insensitively", () => {
    expect(names({ search: " IMG1 " })).toEqual(["img10.png"]);
    expect(names({ search: "nothing" })).toEqual([]);
  });

  it("ignores Unicode normalization", () => {
    const [media] = medias;
    const decomposed = media ? [{ ...media, name: "Caf\u0065\u0301.png" }] : [];
    const found = listImages(decomposed, { search: "caf\u00e9", sort: "name", descending: false });
    expect(found).toHaveLength(1);
  });
});

describe("neighbour", () => {
  it("returns the next or previous image", () => {
    expect(neighbour(medias, "img9.png", 1)?.name).toBe("Beach.jpg");
    expect(neighbour(medias, "img9.png", -1)?.name).toBe("img10.png");
  });

  it("returns null past the ends or for unknown names", () => {
    expect(neighbour(medias, "img10.png", -1)).toBeNull();
    expect(neighbour(medias, "gone.png", 1)).toBeNull();
  });
});
