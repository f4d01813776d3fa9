import { describe, expect, it } from "vitest";
import { tiff } from "../../e2e/tiff";
import { decodeTiff, isTiff } from "./tiff";

const colours = [255, 0, 0, 0, 128, 64];

describe("a TIFF", () => {
  it("is known by its first bytes", () => {
    expect(isTiff(tiff({ width: 2, height: 1, bits: 8, samples: colours }))).toBe(true);
    expect(isTiff(Uint8Array.from([0x4d, 0x4d, 0, 42]))).toBe(true);
    expect(isTiff(Uint8Array.from([0x89, 0x50, 0x4e, 0x47]))).toBe(false);
    expect(isTiff(new Uint8Array())).toBe(false);
  });

  it.each([8, 16] as const)("of %s bits a sample is decoded, with profile and density", async (bits) => {
    const profile = new Uint8Array(200).fill(1);
    profile.set(Buffer.from("RGB "), 16);
    const scale = bits === 8 ? 1 : 257;
    const samples = colours.map((value) => value * scale);
    const { pixels, metadata } = await decodeTiff(tiff({ width: 2, height: 1, bits, samples, profile }));
    expect(pixels).toEqual({
      width: 2,
      height: 1,
      data: Uint8ClampedArray.from([255, 0, 0, 255, 0, 128, 64, 255]),
    });
    expect(metadata).toEqual({ exif: null, icc: profile, density: { x: 300, y: 300 } });
  });

  it("in grey is decoded", async () => {
    const { pixels } = await decodeTiff(tiff({ width: 1, height: 2, bits: 8, samples: [7, 200] }));
    expect([...pixels.data]).toEqual([7, 7, 7, 255, 200, 200, 200, 255]);
  });

  it("that is cut off is refused", async () => {
    const file = tiff({ width: 2, height: 1, bits: 8, samples: colours });
    await expect(decodeTiff(file.subarray(0, 20))).rejects.toThrow();
  });
});
