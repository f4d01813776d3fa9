import type { Size } from "../geometry";
import { dataView, startsWith } from "./metadata";

/** Tags of Exif 2.32. */
const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const PIXEL_X = 0xa002;
const PIXEL_Y = 0xa003;
const THUMBNAIL_OFFSET = 0x0201;
const THUMBNAIL_LENGTH = 0x0202;

const UPRIGHT = 1;
const TYPE_SHORT = 3;
const ENTRY_BYTES = 12;
/** Upper bound of entries in a directory; a block with more is treated as corrupt. */
const MAX_ENTRIES = 1000;

/**
 * Returns a copy of an Exif block that matches upright, edited pixels: sets orientation and size, and zeroes
 * the thumbnail, which would show removed objects. Returns null for an unreadable block.
 */
export function cleanExif(exif: Uint8Array, { width, height }: Size): Uint8Array<ArrayBuffer> | null {
  const copy = Uint8Array.from(exif);
  const little = startsWith(copy, "II");
  if (copy.length < 8 || (!little && !startsWith(copy, "MM"))) return null;
  try {
    const block = new TiffBlock(dataView(copy), little);
    const first = block.view.getUint32(4, little);
    block.setShort(first, ORIENTATION, UPRIGHT);
    const exifAt = block.get(first, EXIF_IFD);
    if (exifAt !== null) {
      block.set(exifAt, PIXEL_X, width);
      block.set(exifAt, PIXEL_Y, height);
    }
    const second = block.nextDirectory(first);
    if (second !== 0) {
      const [at, length] = [block.get(second, THUMBNAIL_OFFSET), block.get(second, THUMBNAIL_LENGTH)];
      if (at !== null && length !== null) copy.fill(0, at, at + length);
      block.terminateAfter(first);
    }
    return copy;
  } catch (thrown) {
    // An offset outside the block.
    if (thrown instanceof RangeError) return null;
    throw thrown;
  }
}

/** Reads and writes the image file directories (IFDs) of a TIFF block in place. */
export class TiffBlock {
  constructor(
    readonly view: DataView,
    private readonly little: boolean,
  ) {}

  /**
   * Returns the value of a tag, or the offset of a value that doesn't fit into the entry; null without the
   * tag.
   */
  get(directory: number, tag: number): number | null {
    const [entry] = this.find(directory, tag);
    if (entry === undefined) return null;
    const short = this.view.getUint16(entry + 2, this.little) === TYPE_SHORT;
    return short ? this.view.getUint16(entry + 8, this.little) : this.view.getUint32(entry + 8, this.little);
  }

  /** Sets the value of a tag that exists. */
  set(directory: number, tag: number, value: number): void {
    const [entry] = this.find(directory, tag);
    if (entry === undefined) return;
    const short = this.view.getUint16(entry + 2, this.little) === TYPE_SHORT;
    if (short) this.view.setUint16(entry + 8, value, this.little);
    else this.view.setUint32(entry + 8, value, this.little);
  }

  /** Rewrites every entry of a tag as a single SHORT. */
  setShort(directory: number, tag: number, value: number): void {
    for (const entry of this.find(directory, tag)) {
      this.view.setUint16(entry + 2, TYPE_SHORT, this.little);
      this.view.setUint32(entry + 4, 1, this.little);
      this.view.setUint32(entry + 8, 0);
      this.view.setUint16(entry + 8, value, this.little);
    }
  }

  /** Returns the offset of the next directory; 0 after the last. */
  nextDirectory(directory: number): number {
    return this.view.getUint32(this.end(directory), this.little);
  }

  terminateAfter(directory: number): void {
    this.view.setUint32(this.end(directory), 0, this.little);
  }

  private end(directory: number): number {
    return directory + 2 + this.count(directory) * ENTRY_BYTES;
  }

  private count(directory: number): number {
    const count = this.view.getUint16(directory, this.little);
    if (count > MAX_ENTRIES) throw new RangeError("too many entries");
    return count;
  }

  private find(directory: number, tag: number): number[] {
    return Array.from(
      { length: this.count(directory) },
      (_, index) => directory + 2 + index * ENTRY_BYTES,
    ).filter((entry) => this.view.getUint16(entry, this.little) === tag);
  }
}
