import { crc32, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { rasterize } from "./mask";
import { encodeGrayPng } from "./png";

/** Node 20 may lack `zlib.crc32`; the checks of the chunks run where it is there. */
const crc = typeof crc32 === "function" ? crc32 : null;

describe("grey PNG", () => {
  it("holds the mask, byte for byte", async () => {
    const points = [
      { x: 4, y: 4 },
      { x: 12, y: 9 },
    ];
    const mask = rasterize([{ mode: "paint", size: 6, points }], { width: 17, height: 11 });
    const blob = await encodeGrayPng(mask);
    const png = Buffer.from(await blob.arrayBuffer());
    expect(blob.type).toBe("image/png");
    expect(png.subarray(1, 4).toString()).toBe("PNG");

    const chunks = new Map<string, Buffer>();
    let offset = 8;
    while (offset < png.length) {
      const length = png.readUInt32BE(offset);
      const type = png.toString("latin1", offset + 4, offset + 8);
      if (crc) {
        expect(png.readUInt32BE(offset + 8 + length)).toBe(
          crc(png.subarray(offset + 4, offset + 8 + length)),
        );
      }
      chunks.set(type, png.subarray(offset + 8, offset + 8 + length));
      offset += 12 + length;
    }
    expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
    expect([...(chunks.get("IHDR") ?? [])]).toEqual([0, 0, 0, 17, 0, 0, 0, 11, 8, 0, 0, 0, 0]);

    const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
    expect(rows.length).toBe(18 * 11);
    for (let row = 0; row < 11; row++) {
      expect(rows[row * 18]).toBe(0);
      expect([...rows.subarray(row * 18 + 1, (row + 1) * 18)]).toEqual([
        ...mask.data.subarray(row * 17, (row + 1) * 17),
      ]);
    }
  });
});
