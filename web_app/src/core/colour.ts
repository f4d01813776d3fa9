import { dataView, latin1 } from "./metadata/metadata";

/** Colour space of a canvas. */
export type ScreenSpace = "srgb" | "display-p3";

/** Converts RGBA pixels from an image's profile to the screen's colour space, in place. */
export type ToScreen = (rgba: Uint8ClampedArray) => void;

/** A 3 x 3 matrix by rows. */
type Matrix = readonly [Row, Row, Row];
type Row = readonly [number, number, number];

/**
 * Matrices from linear RGB to XYZ (D50, the ICC profile connection space); colorants of IEC 61966-2-1 and
 * SMPTE EG 432-1.
 */
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

/** Entries of the lookup table from linear light to encoded values; finer than one of 256 encoded steps. */
const TABLE_STEPS = 4096;
/** Largest difference per channel, of 255, that counts as no conversion. */
const MAX_INVISIBLE_DIFFERENCE = 2;

/**
 * Returns the conversion from a matrix/TRC ICC profile (ICC.1:2022) to `space`: tone curve per channel, 3 x 3
 * matrix, then the sRGB transfer function.
 *
 * Returns null where no conversion is needed because the profile describes `space`, or none is possible
 * because the profile isn't a matrix/TRC profile, the kind that cameras, phones and editors write.
 */
export function toScreen(icc: Uint8Array, space: ScreenSpace): ToScreen | null {
  const profile = readProfile(icc);
  if (!profile) return null;
  const matrix = multiply(inverse(SPACES[space]), profile.matrix);
  const convert = createConverter(profile.curves, matrix);
  return isIdentity(convert) ? null : convert;
}

function createConverter([reds, greens, blues]: readonly Float64Array[], [r, g, b]: Matrix): ToScreen {
  const table = transferTable();
  const encode = (light: number) =>
    table[Math.max(Math.min(Math.round(light * TABLE_STEPS), TABLE_STEPS), 0)] ?? 0;
  return (rgba) => {
    for (let at = 0; at < rgba.length; at += 4) {
      const red = reds?.[rgba[at] ?? 0] ?? 0;
      const green = greens?.[rgba[at + 1] ?? 0] ?? 0;
      const blue = blues?.[rgba[at + 2] ?? 0] ?? 0;
      rgba[at] = encode(r[0] * red + r[1] * green + r[2] * blue);
      rgba[at + 1] = encode(g[0] * red + g[1] * green + g[2] * blue);
      rgba[at + 2] = encode(b[0] * red + b[1] * green + b[2] * blue);
    }
  };
}

/** Returns the transfer function shared by sRGB and Display P3 as a table: linear light to 0..255. */
function transferTable(): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: TABLE_STEPS + 1 }, (_, step) => {
    const light = step / TABLE_STEPS;
    return 255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055);
  });
}

function isIdentity(convert: ToScreen): boolean {
  const samples: number[] = [];
  for (let red = 0; red <= 255; red += 51)
    for (let green = 0; green <= 255; green += 51)
      for (let blue = 0; blue <= 255; blue += 51) samples.push(red, green, blue, 255);
  const converted = Uint8ClampedArray.from(samples);
  convert(converted);
  return samples.every((value, at) => Math.abs(value - (converted[at] ?? 0)) <= MAX_INVISIBLE_DIFFERENCE);
}

/**
 * Reads the tone curves (256 entries per channel, linear light) and the matrix from linear RGB to XYZ (D50).
 */
function readProfile(icc: Uint8Array): { curves: readonly Float64Array[]; matrix: Matrix } | null {
  try {
    const tags = readTags(icc);
    const curves = ["rTRC", "gTRC", "bTRC"].map((name) => readCurve(tags.get(name)));
    const [red, green, blue] = ["rXYZ", "gXYZ", "bXYZ"].map((name) => readXyz(tags.get(name)));
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
    // A truncated profile, or one of another class.
    return null;
  }
}

function readTags(icc: Uint8Array): Map<string, DataView> {
  const view = dataView(icc);
  const tags = new Map<string, DataView>();
  const count = Math.min(view.getUint32(128), 100);
  for (let index = 0; index < count; index++) {
    const at = 132 + index * 12;
    const [from, length] = [view.getUint32(at + 4), view.getUint32(at + 8)];
    tags.set(latin1(icc, at, 4), dataView(icc.subarray(from, from + length)));
  }
  return tags;
}

function readXyz(tag: DataView | undefined): Row | null {
  return tag ? [readFixed(tag, 8), readFixed(tag, 12), readFixed(tag, 16)] : null;
}

/**
 * Samples a tone curve at 256 positions (ICC.1:2022, 10.6 and 10.18).
 *
 * @throws {RangeError} without a curve.
 */
function readCurve(tag: DataView | undefined): Float64Array {
  if (!tag) throw new RangeError("no curve");
  const type = String.fromCharCode(...new Uint8Array(tag.buffer, tag.byteOffset, 4));
  const curve = type === "para" ? parametricCurve(tag) : sampledCurve(tag);
  return Float64Array.from({ length: 256 }, (_, value) => curve(value / 255));
}

function sampledCurve(tag: DataView): (x: number) => number {
  const count = tag.getUint32(8);
  if (count === 0) return (x) => x;
  if (count === 1) return (x) => x ** (tag.getUint16(12) / 256);
  return (x) => {
    const position = x * (count - 1);
    const index = Math.min(Math.floor(position), count - 2);
    const [low, high] = [tag.getUint16(12 + index * 2), tag.getUint16(14 + index * 2)];
    return (low + (high - low) * (position - index)) / 65_535;
  };
}

/** Number of parameters of each `parametricCurveType` function (ICC.1:2022, 10.18). */
const PARAMETER_COUNTS = [1, 3, 4, 5, 7];

function parametricCurve(tag: DataView): (x: number) => number {
  const kind = tag.getUint16(8);
  const count = PARAMETER_COUNTS[kind] ?? 0;
  const [gamma = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, index) =>
    readFixed(tag, 12 + index * 4),
  );
  if (kind === 0) return (x) => x ** gamma;
  if (kind === 1) return (x) => (x >= -b / a ? (a * x + b) ** gamma : 0);
  if (kind === 2) return (x) => (x >= -b / a ? (a * x + b) ** gamma + c : c);
  return (x) => (x >= d ? (a * x + b) ** gamma + e : c * x + f);
}

/** Reads an `s15Fixed16Number`: 16 integer and 16 fractional bits. */
function readFixed(view: DataView, at: number): number {
  return view.getInt32(at) / 65_536;
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const row = (left: Row): Row => [
    left[0] * b[0][0] + left[1] * b[1][0] + left[2] * b[2][0],
    left[0] * b[0][1] + left[1] * b[1][1] + left[2] * b[2][1],
    left[0] * b[0][2] + left[1] * b[1][2] + left[2] * b[2][2],
  ];
  return [row(a[0]), row(a[1]), row(a[2])];
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  const cofactor = (x: number, y: number, z: number, w: number) => (x * y - z * w) / determinant;
  return [
    [cofactor(e, i, f, h), cofactor(c, h, b, i), cofactor(b, f, c, e)],
    [cofactor(f, g, d, i), cofactor(a, i, c, g), cofactor(c, d, a, f)],
    [cofactor(d, h, e, g), cofactor(b, g, a, h), cofactor(a, e, b, d)],
  ];
}
