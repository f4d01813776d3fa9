import { TiffBlock } from "./exif";
import { CENTIMETRES_IN_INCH, dataView, NO_METADATA, startsWith, type Metadata } from "./metadata";

/** Tags and a value of TIFF 6.0. */
const X_RESOLUTION = 282;
const Y_RESOLUTION = 283;
const RESOLUTION_UNIT = 296;
const CENTIMETRE = 3;

/** Reads the pixel density of a TIFF's first page; the ICC profile is read from the server's PNG copy. */
export function readTiff(bytes: Uint8Array): Metadata {
  const little = startsWith(bytes, "II*\0");
  if (!little && !startsWith(bytes, "MM\0*")) return NO_METADATA;
  try {
    const view = dataView(bytes);
    const block = new TiffBlock(view, little);
    const first = view.getUint32(4, little);
    const rational = (tag: number): number => {
      const at = block.get(first, tag);
      return at === null ? 0 : view.getUint32(at, little) / view.getUint32(at + 4, little);
    };
    const perInch = block.get(first, RESOLUTION_UNIT) === CENTIMETRE ? CENTIMETRES_IN_INCH : 1;
    const [x, y] = [rational(X_RESOLUTION) * perInch, rational(Y_RESOLUTION) * perInch];
    const known = Number.isFinite(x) && Number.isFinite(y) && x > 0 && y > 0;
    return known ? { ...NO_METADATA, density: { x, y } } : NO_METADATA;
  } catch (thrown) {
    // An offset outside the file.
    if (thrown instanceof RangeError) return NO_METADATA;
    throw thrown;
  }
}
