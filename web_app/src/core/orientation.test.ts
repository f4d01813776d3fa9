import { describe, expect, it } from "vitest";
import { readMetadata } from "./metadata";
import { concat, fromLatin1 } from "./metadata/metadata";
import { formatOf, storedImage, uprightSize, uprightTransform, type Orientation } from "./orientation";

const ALL = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const SHORT = 3;
const LONG = 4;

interface Entry {
  readonly value: number;
  readonly type?: number;
  readonly count?: number;
}

/** Returns an Exif block with one directory. */
function exif(
  entries: readonly Entry[],
  little = false,
  announced = entries.length,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + 2 + entries.length * 12 + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(fromLatin1(little ? "II*\0" : "MM\0*"));
  view.setUint32(4, 8, little);
  view.setUint16(8, announced, little);
  entries.forEach(({ value, type = SHORT, count = 1 }, index) => {
    const at = 10 + index * 12;
    view.setUint16(at, 0x0112, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, count, little);
    if (type === SHORT) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  });
  return bytes;
}

const turned = (value: number): Uint8Array<ArrayBuffer> => exif([{ value }]);

function segment(marker: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = body.length + 2;
  return concat(Uint8Array.from([0xff, marker, length >> 8, length & 0xff]), body);
}

const app1 = (body: Uint8Array): Uint8Array<ArrayBuffer> =>
  segment(0xe1, concat(fromLatin1("Exif\0\0"), body));

function jpeg(...head: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const scan = Uint8Array.from([0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9]);
  return concat(Uint8Array.from([0xff, 0xd8]), ...head, scan);
}

/** Returns a frame header (SOF0) of 8 x 8 pixels. */
function frame(components: number): Uint8Array<ArrayBuffer> {
  return segment(0xc0, Uint8Array.from([8, 0, 8, 0, 8, components, ...new Uint8Array(components * 3)]));
}

const profile = segment(0xe2, fromLatin1("ICC_PROFILE\0\x01\x01"));

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  return concat(length, fromLatin1(type), body, new Uint8Array(4));
}

function png(...more: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [header, end] = [chunk("IHDR", new Uint8Array(13)), chunk("IEND", new Uint8Array())];
  return concat(fromLatin1("\x89PNG\r\n\x1a\n"), header, ...more, end);
}

function webp(...more: readonly [type: string, body: Uint8Array][]): Uint8Array<ArrayBuffer> {
  const parts = more.map(([type, body]) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, body.length, true);
    return concat(fromLatin1(type), length, body, new Uint8Array(body.length & 1));
  });
  return concat(fromLatin1("RIFF\0\0\0\0WEBP"), ...parts);
}

const packet = (text: string): Uint8Array<ArrayBuffer> => fromLatin1(`<rdf:Description ${text}/>`);

describe("JPEG orientation", () => {
  it("is 1 without Exif", () => {
    const file = jpeg(segment(0xe0, fromLatin1("JFIF\0")));
    const stored = storedImage(file);
    expect(stored).toEqual({ orientation: 1, bytes: file });
    expect(stored?.bytes).toBe(file);
  });

  it.each(ALL.flatMap((value) => [[value, false] as const, [value, true] as const]))(
    "is read as %s and reset to 1 (little-endian: %s)",
    (value, little) => {
      const file = jpeg(app1(exif([{ value }], little)));
      const stored = storedImage(file);
      expect(stored).toEqual({ orientation: value, bytes: jpeg(app1(exif([{ value: 1 }], little))) });
      expect(file).toEqual(jpeg(app1(exif([{ value }], little))));
    },
  );

  it("is 1 for an invalid or missing value", () => {
    expect(storedImage(jpeg(app1(turned(0))))?.orientation).toBe(1);
    expect(storedImage(jpeg(app1(turned(9))))?.orientation).toBe(1);
    expect(storedImage(jpeg(app1(exif([]))))?.orientation).toBe(1);
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["a LONG", jpeg(app1(exif([{ value: 6, type: LONG }])))],
    ["two values", jpeg(app1(exif([{ value: 6, count: 2 }])))],
    ["two entries", jpeg(app1(exif([{ value: 6 }, { value: 1 }])))],
    ["a directory that is cut off", jpeg(app1(exif([{ value: 6 }], true, 9)))],
    ["a block that is cut off", jpeg(app1(turned(6).subarray(0, 20)))],
    ["an empty block", jpeg(app1(new Uint8Array()))],
    ["another byte order mark", jpeg(app1(fromLatin1("XX*\0\0\0\0\x08\0\0")))],
    ["two blocks", jpeg(app1(turned(6)), app1(turned(1)))],
    ["another prefix", jpeg(segment(0xe1, concat(fromLatin1("Exif\0\xff"), turned(6))))],
    [
      "stray bytes before a segment",
      jpeg(segment(0xe0, fromLatin1("JFIF\0")), new Uint8Array(3), app1(turned(6))),
    ],
    ["no scan", Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 2])],
  ])("is left to the server: %s", (_, file) => {
    expect(storedImage(file)).toBeNull();
  });
});

describe("JPEG colours", () => {
  it.each([
    [frame(3), true],
    [concat(frame(3), profile), true],
    [frame(1), true],
    [concat(frame(1), profile), false],
    [frame(4), false],
  ])("are decoded in the browser where it converts them as the server does, case %#", (head, local) => {
    expect(storedImage(jpeg(head)) !== null).toBe(local);
  });
});

describe("PNG orientation", () => {
  const xmp = (text: string) =>
    chunk("iTXt", concat(fromLatin1("XML:com.adobe.xmp\0\0\0\0\0"), packet(text)));

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["nothing else", png()],
    ["text of another kind", png(chunk("tEXt", fromLatin1("parameters\0Orientation 6")))],
    ["Exif that says 1", png(chunk("eXIf", turned(1)))],
    ["XMP that doesn't mention it", png(xmp('xmp:Rating="3"'))],
  ])("is 1: %s", (_, file) => {
    expect(storedImage(file)).toEqual({ orientation: 1, bytes: file });
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["Exif that turns", png(chunk("eXIf", turned(6)))],
    ["Exif behind the pixels", png(chunk("IDAT", new Uint8Array(9)), chunk("eXIf", turned(3)))],
    ["two Exif blocks", png(chunk("eXIf", turned(1)), chunk("eXIf", turned(1)))],
    ["XMP that mentions it", png(xmp('tiff:Orientation="6"'))],
    ["compressed XMP", png(chunk("iTXt", fromLatin1("XML:com.adobe.xmp\0\x01\0\0\0xx")))],
    ["Exif as text", png(chunk("zTXt", fromLatin1("Raw profile type exif\0\0xx")))],
  ])("is left to the server: %s", (_, file) => {
    expect(storedImage(file)).toBeNull();
  });
});

describe("WebP orientation", () => {
  const pixels: [string, Uint8Array] = ["VP8 ", new Uint8Array(3)];

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["pixels alone", webp(pixels)],
    ["Exif that says 1", webp(pixels, ["EXIF", turned(1)])],
    ["Exif with the prefix of JPEGs", webp(pixels, ["EXIF", concat(fromLatin1("Exif\0\0"), turned(1))])],
    ["XMP that doesn't mention it", webp(pixels, ["XMP ", packet('xmp:Rating="3"')])],
  ])("is 1: %s", (_, file) => {
    expect(storedImage(file)).toEqual({ orientation: 1, bytes: file });
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["Exif that turns", webp(pixels, ["EXIF", turned(6)])],
    ["damaged Exif", webp(pixels, ["EXIF", turned(1).subarray(0, 12)])],
    ["XMP that mentions it", webp(pixels, ["XMP ", packet('tiff:Orientation="6"')])],
  ])("is left to the server: %s", (_, file) => {
    expect(storedImage(file)).toBeNull();
  });
});

describe("other formats", () => {
  it.each([
    ["BM0123", "bmp"],
    ["GIF89a", "gif"],
    ["\0\0\0\x1cftypavif", null],
    ["", null],
  ])("with signature %j are decoded locally", (text, format) => {
    const file = fromLatin1(text);
    expect(formatOf(file)).toBe(format);
    expect(storedImage(file)).toEqual({ orientation: 1, bytes: file });
  });

  it.each(["II*\0", "MM\0*", "II+\0", "MM\0+"])("TIFFs (%j) are left to the server", (text) => {
    const file = fromLatin1(`${text}\0\0\0\x08`);
    expect(formatOf(file)).toBe("tiff");
    expect(storedImage(file)).toBeNull();
  });
});

describe("uprightTransform", () => {
  /** Returns the upright position of the stored pixel (`x`, `y`) of an image of 3 x 2 pixels. */
  const place = (orientation: Orientation, x: number, y: number): [number, number] => {
    const [a, b, c, d, e, f] = uprightTransform(orientation, { width: 3, height: 2 });
    // The transform applies to pixel centres.
    const [u, v] = [x + 0.5, y + 0.5];
    return [a * u + c * v + e - 0.5, b * u + d * v + f - 0.5];
  };

  // Definition of each value: positions of the stored image's upper left and upper right pixels.
  it.each<[Orientation, [number, number], [number, number]]>([
    [1, [0, 0], [2, 0]],
    [2, [2, 0], [0, 0]],
    [3, [2, 1], [0, 1]],
    [4, [0, 1], [2, 1]],
    [5, [0, 0], [0, 2]],
    [6, [1, 0], [1, 2]],
    [7, [1, 2], [1, 0]],
    [8, [0, 2], [0, 0]],
  ])("%s maps the upper corners to %j and %j", (orientation, left, right) => {
    expect(place(orientation, 0, 0)).toEqual(left);
    expect(place(orientation, 2, 0)).toEqual(right);
  });

  it.each(ALL)("%s maps every pixel into the upright size", (orientation) => {
    const { width, height } = uprightSize(orientation, { width: 3, height: 2 });
    expect([width, height]).toEqual(orientation < 5 ? [3, 2] : [2, 3]);
    const places = [0, 1, 2].flatMap((x) => [0, 1].map((y) => place(orientation, x, y)));
    for (const [x, y] of places) {
      expect(x >= 0 && x < width && y >= 0 && y < height).toBe(true);
    }
    expect(new Set(places.map(String)).size).toBe(6);
  });
});

describe("saved metadata", () => {
  const size = { width: 2, height: 3 };

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["a SHORT", jpeg(app1(exif([{ value: 6 }])))],
    ["a LONG", jpeg(app1(exif([{ value: 6, type: LONG }])))],
    ["two entries", jpeg(app1(exif([{ value: 6 }, { value: 8, type: LONG }])))],
    ["two blocks", jpeg(app1(turned(6)), app1(turned(8)))],
    ["a PNG", png(chunk("eXIf", turned(6)))],
    ["a WebP", webp(["EXIF", turned(6)])],
  ])("has orientation 1 after %s", async (_, file) => {
    const { exif: kept } = await readMetadata(file, size);
    if (!kept) throw new Error("no Exif");
    const entries = (kept.length - 14) / 12;
    expect([...kept]).toEqual([...exif(Array.from({ length: entries }, () => ({ value: 1 })))]);
  });

  it("contains the density of a TIFF", async () => {
    const file = new Uint8Array(66);
    const view = new DataView(file.buffer);
    file.set(fromLatin1("II*\0"));
    view.setUint32(4, 8, true);
    view.setUint16(8, 3, true);
    [
      [282, 5, 50],
      [283, 5, 58],
      [296, 3, 3],
    ].forEach(([tag = 0, type = 0, value = 0], index) => {
      view.setUint16(10 + index * 12, tag, true);
      view.setUint16(12 + index * 12, type, true);
      view.setUint32(14 + index * 12, 1, true);
      view.setUint32(18 + index * 12, value, true);
    });
    [100, 1, 50, 1].forEach((value, index) => {
      view.setUint32(50 + index * 4, value, true);
    });
    const { density } = await readMetadata(file, size);
    expect(density?.x).toBeCloseTo(254);
    expect(density?.y).toBeCloseTo(127);
    for (const length of [4, 8, 20, 49, 60])
      expect(await readMetadata(file.subarray(0, length), size)).toMatchObject({ density: null });
  });
});
