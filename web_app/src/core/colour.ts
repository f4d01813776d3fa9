import { latin, viewOf } from "./metadata/metadata";

/** What a canvas's numbers can mean. */
export type ScreenSpace = "srgb" | "display-p3";

/** Turns RGBA pixels of a picture into those of a screen, in place. */
export type ToScreen = (rgba: Uint8ClampedArray) => void;

/** Three rows of three. */
type Matrix = readonly [Row, Row, Row];
type Row = readonly [number, number, number];

/** From linear light of a space to XYZ under D50, which profiles use: the colorants of IEC 61966-2-1 and SMPTE EG 432-1. */
const SPACES: Readonly<Record<ScreenSpace, Matrix>> = {
  srgb: [
    [0.43607, 0.38515, 0.14307],
    [0.22249, 0.71687, 0.06061],
    [0.01392, 0.09708, 0.7141],
  ],
  "display-p3": [
    [0.51512, 0.29198, 0.1571],
    [0.2412, 0.69225, 0.06657],
    [-0.00105, 0.04189, 0.78407],
  ],
};

/** Steps in which linear light is looked up; more than the eye can tell apart after the curve. */
const STEPS = 4096;
/** A difference that nobody sees, of 255. */
const UNSEEN = 2;

/**
 * How pixels whose numbers mean what an ICC profile says (ICC.1:2022) are shown: a curve for each channel, a matrix, the
 * screen's curve. Null where the numbers can be shown as they are, because the profile is the screen's own, or isn't of
 * the kind with curves and a matrix, which cameras, phones and editors write.
 */
export function toScreen(icc: Uint8Array, space: ScreenSpace): ToScreen | null {
  const profile = readProfile(icc);
  if (!profile) return null;
  const matrix = product(inverse(SPACES[space]), profile.matrix);
  const convert = converter(profile.curves, matrix);
  return changesNothing(convert) ? null : convert;
}

function converter([reds, greens, blues]: readonly Float64Array[], [r, g, b]: Matrix): ToScreen {
  const encoded = encodedLight();
  const shown = (light: number) => encoded[Math.max(Math.min(Math.round(light * STEPS), STEPS), 0)] ?? 0;
  return (rgba) => {
    for (let at = 0; at < rgba.length; at += 4) {
      const red = reds?.[rgba[at] ?? 0] ?? 0;
      const green = greens?.[rgba[at + 1] ?? 0] ?? 0;
      const blue = blues?.[rgba[at + 2] ?? 0] ?? 0;
      rgba[at] = shown(r[0] * red + r[1] * green + r[2] * blue);
      rgba[at + 1] = shown(g[0] * red + g[1] * green + g[2] * blue);
      rgba[at + 2] = shown(b[0] * red + b[1] * green + b[2] * blue);
    }
  };
}

/** The curve that sRGB and Display P3 share, from linear light to 0 to 255. */
function encodedLight(): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: STEPS + 1 }, (_, step) => {
    const light = step / STEPS;
    return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
  });
}

function changesNothing(convert: ToScreen): boolean {
  const samples: number[] = [];
  for (let red = 0; red <= 255; red += 51)
    for (let green = 0; green <= 255; green += 51)
      for (let blue = 0; blue <= 255; blue += 51) samples.push(red, green, blue, 255);
  const converted = Uint8ClampedArray.from(samples);
  convert(converted);
  return samples.every((value, at) => Math.abs(value - (converted[at] ?? 0)) <= UNSEEN);
}

/** Linear light for each of 256 values of red, green and blue, and the way from there to XYZ. */
function readProfile(icc: Uint8Array): { curves: readonly Float64Array[]; matrix: Matrix } | null {
  try {
    const tags = tagsOf(icc);
    const curves = ["rTRC", "gTRC", "bTRC"].map((name) => curveOf(tags.get(name)));
    const [red, green, blue] = ["rXYZ", "gXYZ", "bXYZ"].map((name) => xyzOf(tags.get(name)));
    if (!red || !green || !blue) return null;
    return {
      curves,
      matrix: [
        [red[0], green[0], blue[0]],
        [red[1], green[1], blue[1]],
        [red[2], green[2], blue[2]],
      ],
    };
  } catch {
    // Cut off, or of another kind.
    return null;
  }
}

function tagsOf(icc: Uint8Array): Map<string, DataView> {
  const view = viewOf(icc);
  const tags = new Map<string, DataView>();
  const count = Math.min(view.getUint32(128), 100);
  for (let index = 0; index < count; index++) {
    const at = 132 + index * 12;
    const [from, length] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    tags.set(latin(icc, at, 4), viewOf(icc.subarray(from, from + length)));
  }
  return tags;
}

function xyzOf(tag: DataView | undefined): Row | null {
  return tag ? [fixed(tag, 8), fixed(tag, 12), fixed(tag, 16)] : null;
}

/** A curve at 256 places (ICC.1:2022, 10.6 and 10.18). @throws where there is none. */
function curveOf(tag: DataView | undefined): Float64Array {
  if (!tag) throw new RangeError("no curve");
  const type = String.fromCharCode(...new Uint8Array(tag.buffer, tag.byteOffset, 4));
  const curve = type === "para" ? parametric(tag) : sampled(tag);
  return Float64Array.from({ length: 256 }, (_, value) => curve(value / 255));
}

function sampled(tag: DataView): (x: number) => number {
  const count = tag.getUint32(8);
  if (count === 0) return (x) => x;
  if (count === 1) return (x) => x ** (tag.getUint16(12) / 256);
  return (x) => {
    const place = x * (count - 1);
    const before = Math.min(Math.floor(place), count - 2);
    const [low, high] = [tag.getUint16(12 + before * 2), tag.getUint16(14 + before * 2)];
    return (low + (high - low) * (place - before)) / 65_535;
  };
}

/** Parameters that each of the five kinds of function has. */
const PARAMETERS = [1, 3, 4, 5, 7];

function parametric(tag: DataView): (x: number) => number {
  const kind = tag.getUint16(8);
  const count = PARAMETERS[kind] ?? 0;
  const [gamma = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, index) =>
    fixed(tag, 12 + index * 4),
  );
  if (kind === 0) return (x) => x ** gamma;
  if (kind === 1) return (x) => (x >= -b / a ? (a * x + b) ** gamma : 0);
  if (kind === 2) return (x) => (x >= -b / a ? (a * x + b) ** gamma + c : c);
  return (x) => (x >= d ? (a * x + b) ** gamma + e : c * x + f);
}

/** A number with 16 bits before the point and 16 behind. */
function fixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536;
}

function product(a: Matrix, b: Matrix): Matrix {
  const row = (left: Row): Row => [
    left[0] * b[0][0] + left[1] * b[1][0] + left[2] * b[2][0],
    left[0] * b[0][1] + left[1] * b[1][1] + left[2] * b[2][1],
    left[0] * b[0][2] + left[1] * b[1][2] + left[2] * b[2][2],
  ];
  return [row(a[0]), row(a[1]), row(a[2])];
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const part = (x: number, y: number, z: number, w: number) => (x * y - z * w) / determinant;
  return [
    [part(e, i, f, h), part(c, h, b, i), part(b, f, c, e)],
    [part(f, g, d, i), part(a, i, c, g), part(c, d, a, f)],
    [part(d, h, e, g), part(b, g, a, h), part(a, e, b, d)],
  ];
}
