import { crc32, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodePng, withoutAlpha, type Samples } from "./png";

/** Absent in some releases of Node 20; checksums are verified where it exists. */
const crc = typeof crc32 === "function" ? crc32 : null;

async function chunksOf(blob: Blob): Promise<[string, Buffer][]> {
  const png = Buffer.from(await blob.arrayBuffer());
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  const chunks: [string, Buffer][] = [];
  for (let offset = 8; offset < png.length;) {
    const length = png.readUInt32BE(offset);
    const end = offset + 8 + length;
    if (crc) expect(png.readUInt32BE(end)).toBe(crc(png.subarray(offset + 4, end)));
    chunks.push([png.toString("latin1", offset + 4, offset + 8), png.subarray(offset + 8, end)]);
    offset = end + 4;
  }
  return chunks;
}

/** Reverses the filters (PNG specification, 9.2). */
function unfiltered(rows: Buffer, { width, height, channels }: Samples): number[] {
  const length = width * channels;
  const out: number[] = [];
  for (let row = 0; row < height; row++) {
    const filter = rows[row * (length + 1)];
    for (let index = 0; index < length; index++) {
      const value = rows[row * (length + 1) + 1 + index] ?? 0;
      const a = index >= channels ? (out[row * length + index - channels] ?? 0) : 0;
      const b = row > 0 ? (out[(row - 1) * length + index] ?? 0) : 0;
      const c = index >= channels && row > 0 ? (out[(row - 1) * length + index - channels] ?? 0) : 0;
      const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      out.push((value + (filter === 4 ? paeth : 0)) & 255);
    }
  }
  return out;
}

describe("encodePng", () => {
  it.each([
    [1, 0],
    [3, 2],
    [4, 6],
  ] as const)("round-trips %s channels", async (channels, colourType) => {
    const [width, height] = [17, 71];
    const data = Uint8Array.from(
      { length: width * height * channels },
      (_, index) => (index * 37) ^ (index >> 3),
    );
    const samples = { width, height, channels, data };
    const blob = await encodePng(samples);
    expect(blob.type).toBe("image/png");
    const chunks = await chunksOf(blob);
    expect(chunks.map(([type]) => type)).toEqual(["IHDR", "IDAT", "IEND"]);
    expect([...(chunks[0]?.[1] ?? [])]).toEqual([0, 0, 0, 17, 0, 0, 0, 71, 8, colourType, 0, 0, 0]);
    const rows = inflateSync(chunks[1]?.[1] ?? Buffer.alloc(0));
    expect(unfiltered(rows, samples)).toEqual([...data]);
  });

  it("writes extra chunks before the image data", async () => {
    const body = Uint8Array.from([0, 0, 11, 19, 0, 0, 11, 19, 1]);
    const samples = { width: 1, height: 1, channels: 1, data: Uint8Array.from([7]) } as const;
    const chunks = await chunksOf(await encodePng(samples, [{ type: "pHYs", body }]));
    expect(chunks.map(([type]) => type)).toEqual(["IHDR", "pHYs", "IDAT", "IEND"]);
    expect([...(chunks[1]?.[1] ?? [])]).toEqual([...body]);
  });

  it("withoutAlpha removes the fourth byte", () => {
    expect([...withoutAlpha(Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255]))]).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });
});
