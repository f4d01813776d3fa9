import { describe, expect, it } from "vitest";
import { encodePng } from "../png";
import { cleanExif } from "./exif";
import { pngChunks, readMetadata, withMetadata } from "./index";
import { concat, fromLatin1, type Metadata } from "./metadata";

const size = { width: 3, height: 2 };

/** Returns an Exif block with orientation 6, a size, and a thumbnail of the bytes "secret". */
function exifBlock(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(100);
  const view = new DataView(bytes.buffer);
  const entry = (at: number, tag: number, type: number, value: number) => {
    view.setUint16(at, tag);
    view.setUint16(at + 2, type);
    view.setUint32(at + 4, 1);
    if (type === 3) view.setUint16(at + 8, value);
    else view.setUint32(at + 8, value);
  };
  bytes.set(fromLatin1("MM\0*"));
  view.setUint32(4, 8);
  view.setUint16(8, 2);
  entry(10, 0x0112, 3, 6);
  entry(22, 0x8769, 4, 38);
  view.setUint32(34, 56);
  view.setUint16(38, 1);
  entry(40, 0xa002, 4, 9999);
  view.setUint16(56, 2);
  entry(58, 0x0201, 4, 90);
  entry(70, 0x0202, 4, 6);
  bytes.set(fromLatin1("secret"), 90);
  return bytes;
}

function profile(space: string, length = 200): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
  bytes.set(fromLatin1(space), 16);
  return bytes;
}

/** A JPEG as encoded by a canvas: JFIF, a quantization table, a scan. */
const jpeg = concat(
  Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]),
  fromLatin1("JFIF\0"),
  Uint8Array.from([1, 1, 0, 0, 1, 0, 1, 0, 0]),
  Uint8Array.from([0xff, 0xdb, 0, 3, 7, 0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9]),
);
const webp = concat(
  fromLatin1("RIFF"),
  Uint8Array.from([16, 0, 0, 0]),
  fromLatin1("WEBPVP8 "),
  Uint8Array.from([3, 0, 0, 0, 9, 8, 7, 0]),
);

const kept: Metadata = {
  exif: cleanExif(exifBlock(), size),
  icc: profile("RGB "),
  density: { x: 300, y: 150 },
};

describe("metadata", () => {
  it("survives a JPEG, with a multi-chunk profile", async () => {
    const large = { ...kept, icc: profile("RGB ", 150_000) };
    const written = withMetadata(jpeg, size, large);
    const { icc, ...rest } = await readMetadata(written, size);
    expect(rest).toEqual({ exif: kept.exif, density: kept.density });
    expect(Buffer.from(icc ?? []).equals(large.icc)).toBe(true);
    expect([...written.subarray(-14)]).toEqual([...jpeg.subarray(-14)]);
  });

  it("survives a PNG", async () => {
    const data = new Uint8Array(6);
    const blob = await encodePng({ ...size, channels: 1, data }, await pngChunks(kept));
    const read = await readMetadata(new Uint8Array(await blob.arrayBuffer()), size);
    expect(read.exif).toEqual(kept.exif);
    expect(read.icc).toEqual(kept.icc);
    expect(read.density?.x).toBeCloseTo(300, 1);
    expect(read.density?.y).toBeCloseTo(150, 1);
  });

  it("survives a WebP, except the density", async () => {
    const written = withMetadata(webp, size, kept);
    expect(await readMetadata(written, size)).toEqual({ ...kept, density: null });
    expect(new DataView(written.buffer).getUint32(4, true)).toBe(written.length - 8);
  });

  it("drops a CMYK profile", async () => {
    const read = await readMetadata(withMetadata(jpeg, size, { ...kept, icc: profile("CMYK") }), size);
    expect(read.icc).toBeNull();
  });

  it.each([[jpeg.subarray(0, 20)], [webp.subarray(0, 18)], [fromLatin1("GIF89a")], [new Uint8Array()]])(
    "is empty for a broken or unknown file",
    async (bytes) => {
      expect(await readMetadata(bytes, size)).toMatchObject({ exif: null, icc: null });
    },
  );
});

describe("cleanExif", () => {
  it("sets orientation and size", () => {
    const clean = cleanExif(exifBlock(), size);
    const view = new DataView(clean?.buffer ?? new ArrayBuffer(100));
    expect(view.getUint16(18)).toBe(1);
    expect(view.getUint32(48)).toBe(3);
    expect(view.getUint32(34)).toBe(0);
  });

  it("erases the thumbnail", () => {
    expect(String.fromCharCode(...(cleanExif(exifBlock(), size) ?? []))).not.toContain("secret");
  });

  it.each([[0], [7], [20], [45]])("doesn't throw for a block of %s bytes", (length) => {
    expect(() => cleanExif(exifBlock().subarray(0, length), size)).not.toThrow();
  });
});
