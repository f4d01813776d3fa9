import { transfer } from "comlink";
import { expanded, fullBox, union } from "../../core/box";
import { toScreen, type ScreenSpace, type ToScreen } from "../../core/colour";
import type { Delta } from "../../core/delta";
import { ImageDocument, type Layer } from "../../core/document";
import type { MaskEdit } from "../../core/edits";
import type { Box, Size } from "../../core/geometry";
import {
  binarize,
  crop,
  emptyMask,
  hasTransparency,
  maskFromPixels,
  paste,
  type Mask,
} from "../../core/mask";
import { pngChunks, withMetadata, type Metadata } from "../../core/metadata";
import { encodePng, withoutAlpha, type Chunk } from "../../core/png";
import type { Pixels } from "../../core/pyramid";
import { uploadFor, type HdOptions } from "../../core/region";
import {
  createCanvas,
  decode,
  decodePatch,
  encodeLossy,
  pixelsOf,
  toBitmap,
  type Decoded,
  type LossyType,
  type ServerDecoder,
} from "./codec";
import { DeltaStore } from "./deltaStore";

/** A change of image or mask, as reported to the page. */
export interface Change {
  /** Changed rectangle of the image; null if only the mask changed. */
  readonly image: Box | null;
  /** Changed rectangle of the mask; null if only the image changed. */
  readonly mask: Box | null;
  /** Bounding box of the hole. */
  readonly hole: Box | null;
  /** Pixels of the changed rectangle of the image, for display before the tiles are reloaded. */
  readonly bitmap: ImageBitmap | null;
}

/** A change that is recorded as a history step. */
export interface RecordedChange extends Change {
  readonly id: number;
  /** Size of its compressed deltas. */
  readonly bytes: number;
  /** Small preview for the history. */
  readonly thumbnail: Blob;
}

/** Upload of an inpainting request. */
export interface FillUpload {
  readonly image: Blob;
  readonly mask: Blob;
  /** Position of the upload in the open image. */
  readonly box: Box;
  readonly forceCrop: boolean;
}

export interface OpenedImage extends Size {
  readonly hasTransparency: boolean;
  /** Colour space of the image's bitmaps. */
  readonly space: ScreenSpace;
}

/** Size of a thumbnail in pixels: twice its CSS size. */
const THUMBNAIL = { width: 112, height: 80 };
/**
 * Largest area of a change that is sent as a bitmap, in pixels; larger ones are shown when their tiles are
 * reloaded.
 */
const MAX_BITMAP_PIXELS = 4_000_000;

/** The open document in a web worker: image, mask, undo data and codecs. */
export class DocumentSession {
  private document: ImageDocument | null = null;
  private deltas = new DeltaStore();
  private hasAlpha = false;
  private metadata: Metadata | null = null;
  private space: ScreenSpace = "srgb";
  /** Null if the image's values are displayed unconverted. */
  private toScreen: ToScreen | null = null;
  /** Mask of the last fill, cropped to its bounding box. */
  private lastMask: { readonly box: Box; readonly mask: Mask } | null = null;

  private decodeOnServer: ServerDecoder = () => Promise.reject(new Error("no server decoder is set"));

  /** Sets the function that decodes on the server; only the page can call it. */
  setServerDecoder(decodeOnServer: ServerDecoder): void {
    this.decodeOnServer = decodeOnServer;
  }

  /** Opens a file; `screen` is the widest colour space of the screen. */
  async open(file: Blob, screen: ScreenSpace): Promise<OpenedImage> {
    const { pixels, metadata } = await this.decode(file);
    this.document = new ImageDocument(pixels);
    this.deltas = new DeltaStore();
    this.lastMask = null;
    this.hasAlpha = hasTransparency(pixels.data);
    this.metadata = metadata;
    // Most images are within sRGB and need no conversion.
    const wide = metadata.icc !== null && toScreen(metadata.icc, "srgb") !== null;
    this.space = wide ? screen : "srgb";
    this.toScreen = wide ? toScreen(metadata.icc, screen) : null;
    const { width, height } = pixels;
    return { width, height, hasTransparency: this.hasAlpha, space: this.space };
  }

  async tile(layer: Layer, level: number, column: number, row: number): Promise<ImageBitmap | null> {
    const pixels = this.document?.tile(layer, level, column, row);
    if (!pixels) return null;
    const bitmap = await (layer === "mask" ? toBitmap(pixels) : this.toScreenBitmap(pixels));
    return transfer(bitmap, [bitmap]);
  }

  /** Applies an edit to the mask; null if no pixel changed. */
  async edit(edit: MaskEdit): Promise<RecordedChange | null> {
    const delta = this.current().edit(edit);
    return delta && this.record([delta]);
  }

  /** Replaces the mask by a mask file; null if no pixel changed. */
  async importMask(file: Blob): Promise<RecordedChange | null> {
    return this.edit({ kind: "replace", mask: await this.readMask(file) });
  }

  /** Reads a mask file, scaled to the image's size. */
  private async readMask(file: Blob): Promise<Mask> {
    const bitmap = await toBitmap((await this.decode(file)).pixels);
    try {
      const context = createCanvas(this.current().size);
      // Nearest neighbour: mask values must not be interpolated.
      context.imageSmoothingEnabled = false;
      context.drawImage(bitmap, 0, 0, context.canvas.width, context.canvas.height);
      const { width, height } = context.canvas;
      const rgba = context.getImageData(0, 0, width, height).data;
      const source = hasTransparency(rgba) ? "opacity" : "brightness";
      return maskFromPixels({ width, height }, rgba, source);
    } finally {
      bitmap.close();
    }
  }

  /** Adds a mask file to the mask; null if no pixel changed. */
  async addToMask(file: Blob): Promise<RecordedChange | null> {
    const mask = await this.readMask(file);
    const { data } = this.current().mask;
    const maximum = mask.data.map((value, at) => Math.max(value, data[at] ?? 0));
    return this.edit({ kind: "replace", mask: { ...mask, data: maximum } });
  }

  /** Returns true if an image file has the size of the open image. */
  async hasSameSize(file: Blob): Promise<boolean> {
    const { pixels } = await this.decode(file);
    const { width, height } = this.current().size;
    return pixels.width === width && pixels.height === height;
  }

  /** Replaces the image by one of the same size. */
  async replaceImage(file: Blob): Promise<RecordedChange> {
    const { pixels } = await this.decode(file);
    this.hasAlpha = hasTransparency(pixels.data);
    return this.record([this.current().replace(pixels.data)]);
  }

  /** Replaces the mask by the image's transparency; null if no pixel changed. */
  async maskFromOpacity(): Promise<RecordedChange | null> {
    const { pixels } = this.current();
    const mask = maskFromPixels(pixels, pixels.data, "opacity");
    return this.edit({ kind: "replace", mask: { ...mask, data: mask.data.map((value) => 255 - value) } });
  }

  /** Restores the mask of the last fill; null without one, or if no pixel changed. */
  async restoreLastMask(): Promise<RecordedChange | null> {
    if (!this.lastMask) return null;
    const mask = emptyMask(this.current().size);
    paste(mask, this.lastMask.mask, this.lastMask.box.x, this.lastMask.box.y);
    return this.edit({ kind: "replace", mask });
  }

  async exportMask(): Promise<Blob> {
    return encodePng({ ...this.current().mask, channels: 1 });
  }

  /** Encodes the upload of an inpainting request; null without a hole. */
  async encodeUpload(options: HdOptions): Promise<FillUpload | null> {
    const document = this.current();
    const hole = document.hole();
    if (!hole) return null;
    const { box, forceCrop } = uploadFor(hole, document.size, options);
    const mask = binarize(crop(document.mask, box));
    const [image, maskPng] = await Promise.all([
      this.png(document.crop(box)),
      encodePng({ ...mask, channels: 1 }),
    ]);
    return { image, mask: maskPng, box, forceCrop };
  }

  /** Blends the server's result into the image at `box`. */
  async applyFill(png: Blob, box: Box): Promise<RecordedChange> {
    const bitmap = await decodePatch(png);
    if (bitmap.width !== box.width || bitmap.height !== box.height) {
      bitmap.close();
      throw new Error("the patch doesn't have the size of X-Patch-Box");
    }
    const patch = pixelsOf(bitmap);
    bitmap.close();
    const document = this.current();
    const hole = document.hole();
    this.lastMask = hole && { box: hole, mask: crop(document.mask, hole) };
    return this.record(document.fill(patch.data, box));
  }

  /** Undoes a step, or redoes it after an undo. */
  async applyStep(id: number): Promise<Change> {
    const deltas = await this.deltas.get(id);
    const document = this.current();
    for (const delta of deltas) document.apply(delta);
    return this.transferBitmap(await this.describeChange(deltas));
  }

  mergeSteps(ids: readonly number[]): { id: number; bytes: number } {
    return this.deltas.merge(ids);
  }

  deleteSteps(ids: readonly number[]): void {
    this.deltas.delete(ids);
  }

  /** Encodes the image as a PNG with its metadata. */
  async encodePng(): Promise<Blob> {
    return this.png(this.current().pixels, this.metadata ? await pngChunks(this.metadata) : []);
  }

  /**
   * Encodes the image in a lossy format with its metadata; browsers that can't encode the type return a
   * PNG.
   */
  async encodeLossy(type: LossyType, quality: number): Promise<Blob> {
    const { pixels } = this.current();
    const blob = await encodeLossy(pixels, type, quality);
    if (blob.type !== type) return this.encodePng();
    if (!this.metadata) return blob;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return new Blob([withMetadata(bytes, pixels, this.metadata)], { type });
  }

  private decode(file: Blob): Promise<Decoded> {
    return decode(file, this.decodeOnServer);
  }

  private current(): ImageDocument {
    if (!this.document) throw new Error("no image is open");
    return this.document;
  }

  /** Converts pixels to the screen's colour space in place and returns them as a bitmap. */
  private toScreenBitmap(pixels: Pixels): Promise<ImageBitmap> {
    this.toScreen?.(pixels.data);
    return toBitmap(pixels, this.space);
  }

  private png(pixels: Pixels, extra: readonly Chunk[] = []): Promise<Blob> {
    return this.hasAlpha
      ? encodePng({ ...pixels, channels: 4 }, extra)
      : encodePng({ ...pixels, channels: 3, data: withoutAlpha(pixels.data) }, extra);
  }

  private async record(deltas: readonly Delta[]): Promise<RecordedChange> {
    const change = await this.describeChange(deltas);
    const [{ id, bytes }, thumbnail] = await Promise.all([
      this.deltas.add(deltas),
      this.thumbnail(change.image ?? change.mask ?? fullBox(this.current().size)),
    ]);
    return this.transferBitmap({ ...change, id, bytes, thumbnail });
  }

  private transferBitmap<T extends Change>(change: T): T {
    return change.bitmap ? transfer(change, [change.bitmap]) : change;
  }

  private async describeChange(deltas: readonly Delta[]): Promise<Change> {
    const document = this.current();
    const bounds = (layer: "image" | "mask"): Box | null =>
      deltas.reduce<Box | null>((box, delta) => (delta.layer === layer ? union(box, delta.box) : box), null);
    const image = bounds("image");
    const sendBitmap = image && image.width * image.height <= MAX_BITMAP_PIXELS;
    const bitmap = sendBitmap ? await this.toScreenBitmap(document.crop(image)) : null;
    return { image, mask: bounds("mask"), hole: document.hole(), bitmap };
  }

  /** Renders a preview of the changed rectangle, its surroundings and the mask. */
  private async thumbnail(box: Box): Promise<Blob> {
    const document = this.current();
    const bounds = expanded(box, Math.round(Math.max(box.width, box.height) * 0.25) + 16, document.size);
    const view = document.overview(bounds, Math.max(THUMBNAIL.width, THUMBNAIL.height) * 2);
    const context = createCanvas(THUMBNAIL);
    const scale = Math.max(THUMBNAIL.width / view.image.width, THUMBNAIL.height / view.image.height);
    const [width, height] = [view.image.width * scale, view.image.height * scale];
    for (const bitmap of [await this.toScreenBitmap(view.image), await toBitmap(tint(view.mask))]) {
      context.drawImage(
        bitmap,
        (THUMBNAIL.width - width) / 2,
        (THUMBNAIL.height - height) / 2,
        width,
        height,
      );
      bitmap.close();
    }
    return context.canvas.convertToBlob({ type: "image/webp", quality: 0.8 });
  }
}

/** Colours a mask in IOPaint's yellow at 73 % opacity, in place. */
function tint(mask: Pixels): Pixels {
  for (let at = 0; at < mask.data.length; at += 4) {
    mask.data[at] = 0xff;
    mask.data[at + 1] = 0xcc;
    mask.data[at + 3] = (mask.data[at + 3] ?? 0) * 0.73;
  }
  return mask;
}
