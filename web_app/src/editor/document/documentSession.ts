import { transfer } from "comlink";
import { fullBox, union } from "../../core/box";
import { combined } from "../../core/combine";
import { toScreen, type ScreenSpace, type ToScreen } from "../../core/colour";
import type { Delta } from "../../core/delta";
import { ImageDocument, type Layer } from "../../core/document";
import type { MaskEdit } from "../../core/edits";
import type { Box, Size } from "../../core/geometry";
import {
  binarize,
  crop,
  hasTransparency,
  holeBox,
  inverted,
  maskFromPixels,
  type Mask,
} from "../../core/mask";
import { holePart, maskOfPart, type MaskPart } from "../../core/maskPart";
import { pngChunks, resizedMetadata, withMetadata, type Metadata } from "../../core/metadata";
import { encodePng, withoutAlpha, type Chunk } from "../../core/png";
import type { Pixels } from "../../core/pyramid";
import { uploadFor, type HdOptions } from "../../core/region";
import type { Mode } from "../../core/strokes";
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
import { encodeJpegChanges, type JpegChanges } from "./jpegChanges";
import { renderThumbnail } from "./thumbnail";

/** A change of image or mask, as reported to the page. */
export interface Change {
  /** Changed rectangle of the image; null if only the mask changed. */
  readonly image: Box | null;
  /** Changed rectangle of the mask; null if only the image changed. */
  readonly mask: Box | null;
  /** Bounding box of the hole. */
  readonly hole: Box | null;
  /** Size of the image, which a step can change. */
  readonly size: Size;
  readonly hasTransparency: boolean;
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

/** Objects that a plugin found, and the use of them. */
export interface MaskResult {
  readonly file: Blob;
  /** Adds the objects to the mask or removes them from it. */
  readonly mode: Mode;
  /** Takes everything but the objects. */
  readonly invert: boolean;
  /** Id of the prompt, whose earlier results are replaced; null for a result of its own. */
  readonly prompt: number | null;
}

/** The effect of a {@link MaskResult}. */
export interface MaskApplied {
  /** False if the plugin found nothing. */
  readonly found: boolean;
  /** Null if no pixel changed. */
  readonly change: RecordedChange | null;
}

/** Upload of an inpainting request. */
export interface FillUpload {
  readonly image: Blob;
  readonly mask: Blob;
  /** Position of the upload in the open image. */
  readonly box: Box;
  readonly forceCrop: boolean;
}

/** A change of the image's size. */
interface Resize {
  readonly before: ImageDocument;
  /** Image file with the new size. */
  readonly after: Blob;
}

export interface OpenedImage extends Size {
  readonly hasTransparency: boolean;
  /** Colour space of the image's bitmaps. */
  readonly space: ScreenSpace;
}

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
  /** The file as opened, if it is a JPEG. */
  private jpeg: Blob | null = null;
  private space: ScreenSpace = "srgb";
  /** Null if the image's values are displayed unconverted. */
  private toScreen: ToScreen | null = null;
  /** Mask of the last fill. */
  private lastMask: MaskPart | null = null;
  /** Mask before the first result of the current prompt. */
  private beforePrompt: { readonly prompt: number; readonly mask: MaskPart | null } | null = null;
  /** Steps that changed the image's size, by their id. */
  private readonly resizes = new Map<number, Resize>();
  /** The encoded image for plugins, until the image changes. */
  private encodedImage: Blob | null = null;

  private decodeOnServer: ServerDecoder = () => Promise.reject(new Error("no server decoder is set"));

  /** Sets the function that decodes on the server; only the page can call it. */
  setServerDecoder(decodeOnServer: ServerDecoder): void {
    this.decodeOnServer = decodeOnServer;
  }

  /** Opens a file; `screen` is the widest colour space of the screen. */
  async open(file: Blob, screen: ScreenSpace): Promise<OpenedImage> {
    const { pixels, metadata, jpeg } = await this.decode(file);
    this.document = new ImageDocument(pixels);
    this.deltas = new DeltaStore();
    this.resizes.clear();
    this.lastMask = this.beforePrompt = this.encodedImage = null;
    this.hasAlpha = hasTransparency(pixels.data);
    this.metadata = metadata;
    this.jpeg = jpeg;
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

  /** Applies a plugin's mask to the mask. */
  async applyMask({ file, mode, invert, prompt }: MaskResult): Promise<MaskApplied> {
    // Plugins mark masked pixels by any value.
    const objects = binarize(await this.readMask(file));
    const found = holeBox(objects) !== null;
    // Without an object, nothing is the background of one.
    if (!found && invert) return { found, change: null };
    const before = prompt === null ? this.current().mask : this.maskBefore(prompt);
    const mask = combined(before, invert ? inverted(objects) : objects, mode);
    return { found, change: await this.edit({ kind: "replace", mask }) };
  }

  /** Returns the mask before the first result of a prompt. */
  private maskBefore(prompt: number): Mask {
    if (this.beforePrompt?.prompt !== prompt)
      this.beforePrompt = { prompt, mask: holePart(this.current().mask) };
    return maskOfPart(this.beforePrompt.mask, this.current().size);
  }

  /** Replaces the image by one of the same size. */
  async replaceImage(file: Blob): Promise<RecordedChange> {
    const { pixels } = await this.decode(file);
    const { width, height } = this.current().size;
    if (pixels.width !== width || pixels.height !== height) throw new Error("the result has another size");
    return this.record([this.current().replace(pixels.data)]);
  }

  /** Replaces the image by one of another size; the mask is scaled. */
  async resizeImage(file: Blob): Promise<RecordedChange> {
    const before = this.current();
    await this.continueWith(file);
    const { id } = await this.deltas.add([]);
    this.resizes.set(id, { before, after: file });
    const change = await this.describeChange([]);
    const thumbnail = await this.thumbnail(fullBox(change.size));
    // The earlier document stays in memory: its image and mask.
    const { width, height } = before.size;
    return { ...change, id, bytes: width * height * 5 + file.size, thumbnail };
  }

  /** Replaces the mask by the image's transparency; null if no pixel changed. */
  async maskFromOpacity(): Promise<RecordedChange | null> {
    const { pixels } = this.current();
    return this.edit({ kind: "replace", mask: inverted(maskFromPixels(pixels, pixels.data, "opacity")) });
  }

  /** Restores the mask of the last fill; null without one, or if no pixel changed. */
  async restoreLastMask(): Promise<RecordedChange | null> {
    if (!this.lastMask) return null;
    return this.edit({ kind: "replace", mask: maskOfPart(this.lastMask, this.current().size) });
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

  /** Encodes the image as the input of a plugin. */
  async encodeImage(): Promise<Blob> {
    this.encodedImage ??= await this.png(this.current().pixels);
    return this.encodedImage;
  }

  /** Blends the server's result into the image at `box`; see {@link FilledLayer} for `softEdges`. */
  async applyFill(png: Blob, box: Box, softEdges: boolean): Promise<RecordedChange> {
    const bitmap = await decodePatch(png);
    if (bitmap.width !== box.width || bitmap.height !== box.height) {
      bitmap.close();
      throw new Error("the patch doesn't have the size of X-Patch-Box");
    }
    const patch = pixelsOf(bitmap);
    bitmap.close();
    const document = this.current();
    this.lastMask = holePart(document.mask);
    return this.record(document.fill({ box, rgba: patch.data, softEdges }));
  }

  /** Undoes a step, or redoes it after an undo. */
  async applyStep(id: number): Promise<Change> {
    const resize = this.resizes.get(id);
    if (resize) {
      if (this.document === resize.before) await this.continueWith(resize.after);
      else this.showDocument(resize.before);
      return this.describeChange([]);
    }
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
    for (const id of ids) this.resizes.delete(id);
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

  /** Returns the opened JPEG and its changes; null for other files, or if the image's size changed. */
  async jpegChanges(): Promise<JpegChanges | null> {
    return this.jpeg && encodeJpegChanges(this.jpeg, this.current());
  }

  private decode(file: Blob): Promise<Decoded> {
    return decode(file, this.decodeOnServer);
  }

  private current(): ImageDocument {
    if (!this.document) throw new Error("no image is open");
    return this.document;
  }

  /** Continues the document with an image of another size. */
  private async continueWith(file: Blob): Promise<void> {
    const { pixels } = await this.decode(file);
    this.showDocument(new ImageDocument(pixels, this.current()));
  }

  private showDocument(document: ImageDocument): void {
    this.document = document;
    this.metadata = this.metadata && resizedMetadata(this.metadata, document.size);
    this.lastMask = null;
    this.onImageChange();
  }

  /** Updates what depends on the image's pixels. */
  private onImageChange(): void {
    this.encodedImage = null;
    this.hasAlpha = hasTransparency(this.current().pixels.data);
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
    if (image) this.onImageChange();
    return {
      image,
      mask: bounds("mask"),
      hole: document.hole(),
      size: document.size,
      hasTransparency: this.hasAlpha,
      bitmap,
    };
  }

  private thumbnail(box: Box): Promise<Blob> {
    return renderThumbnail(this.current(), box, (pixels) => this.toScreenBitmap(pixels));
  }
}
