import type { Size } from "../geometry";
import { startsWith, viewOf } from "./metadata";

/** Tags of Exif 2.32. */
const ORIENTATION = 0x0112;
const EXIF_IFD = 0x8769;
const PIXEL_X = 0xa002;
const PIXEL_Y = 0xa003;
const THUMBNAIL_AT = 0x0201;
const THUMBNAIL_LENGTH = 0x0202;

const UPRIGHT = 1;
const SHORT = 3;
const ENTRY = 12;
/** More entries than any camera writes: a block that claims more is broken. */
const MOST_ENTRIES = 1000;

/**
 * An Exif block that fits pixels which were turned upright and edited: the orientation and the size are brought up to
 * date, and the thumbnail, which would show what was removed, is blacked out. Null where the block can't be read.
 */
export function cleanExif(exif: Uint8Array, { width, height }: Size): Uint8Array<ArrayBuffer> | null {
  const copy = Uint8Array.from(exif);
  const little = startsWith(copy, "II");
  if (copy.length < 8 || (!little && !startsWith(copy, "MM"))) return null;
  try {
    const block = new Block(viewOf(copy), little);
    const first = block.view.getUint32(4, little);
    block.setShort(first, ORIENTATION, UPRIGHT);
    const exifAt = block.get(first, EXIF_IFD);
    if (exifAt !== null) {
      block.set(exifAt, PIXEL_X, width);
      block.set(exifAt, PIXEL_Y, height);
    }
    const second = block.next(first);
    if (second !== 0) {
      const [at, length] = [block.get(second, THUMBNAIL_AT), block.get(second, THUMBNAIL_LENGTH)];
      if (at !== null && length !== null) copy.fill(0, at, at + length);
      block.endAfter(first);
    }
    return copy;
  } catch (thrown) {
    // An offset that leads out of the block.
    if (thrown instanceof RangeError) return null;
    throw thrown;
  }
}

/** Reads and changes the directories (IFDs) of a TIFF block. */
export class Block {
  constructor(
    readonly view: DataView,
    private readonly little: boolean,
  ) {}

  /** A tag's number, or the offset of what is too long for the entry. */
  get(directory: number, tag: number): number | null {
    const [entry] = this.find(directory, tag);
    if (entry === undefined) return null;
    const short = this.view.getUint16(entry + 2, this.little) === SHORT;
    return short ? this.view.getUint16(entry + 8, this.little) : this.view.getUint32(entry + 8, this.little);
  }

  /** Changes a number where there is one. */
  set(directory: number, tag: number, value: number): void {
    const [entry] = this.find(directory, tag);
    if (entry === undefined) return;
    const short = this.view.getUint16(entry + 2, this.little) === SHORT;
    if (short) this.view.setUint16(entry + 8, value, this.little);
    else this.view.setUint32(entry + 8, value, this.little);
  }

  /** Makes every entry of a tag a single SHORT. */
  setShort(directory: number, tag: number, value: number): void {
    for (const entry of this.find(directory, tag)) {
      this.view.setUint16(entry + 2, SHORT, this.little);
      this.view.setUint32(entry + 4, 1, this.little);
      this.view.setUint32(entry + 8, 0);
      this.view.setUint16(entry + 8, value, this.little);
    }
  }

  /** Where the next directory is; 0 where there is none. */
  next(directory: number): number {
    return this.view.getUint32(this.end(directory), this.little);
  }

  endAfter(directory: number): void {
    this.view.setUint32(this.end(directory), 0, this.little);
  }

  private end(directory: number): number {
    return directory + 2 + this.count(directory) * ENTRY;
  }

  private count(directory: number): number {
    const count = this.view.getUint16(directory, this.little);
    if (count > MOST_ENTRIES) throw new RangeError("too many entries");
    return count;
  }

  private find(directory: number, tag: number): number[] {
    return Array.from({ length: this.count(directory) }, (_, index) => directory + 2 + index * ENTRY).filter(
      (entry) => this.view.getUint16(entry, this.little) === tag,
    );
  }
}
