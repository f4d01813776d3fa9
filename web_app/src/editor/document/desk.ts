import { transfer } from "comlink";
import { grown, union, whole } from "../../core/box";
import { toScreen, type ScreenSpace, type ToScreen } from "../../core/colour";
import type { Delta } from "../../core/delta";
import { PictureDocument, type Layer } from "../../core/document";
import type { MaskEdit } from "../../core/edits";
import type { Box, Size } from "../../core/geometry";
import { binary, cut, emptyMask, hasTransparency, maskFromPixels, paste, type Mask } from "../../core/mask";
import { pngChunks, withMetadata, type Metadata } from "../../core/metadata";
import { encodePng, withoutAlpha, type Chunk } from "../../core/png";
import type { Pixels } from "../../core/pyramid";
import { uploadFor, type HdOptions } from "../../core/region";
import {
  canvasOf,
  decode,
  decodePatch,
  encodeLossy,
  pixelsOf,
  toBitmap,
  type Decoded,
  type LossyType,
  type ServerCopy,
} from "./codec";
import { Vault } from "./vault";

/** What the page learns of a change. */
export interface Change {
  /** The rectangle of the picture that looks different now; null where only the mask does. */
  readonly picture: Box | null;
  /** The rectangle in which the mask looks different. */
  readonly mask: Box | null;
  /** The rectangle around the hole. */
  readonly hole: Box | null;
  /** The changed rectangle of the picture, to be shown at once. */
  readonly shown: ImageBitmap | null;
}

/** A change that can be undone. */
export interface Done extends Change {
  readonly id: number;
  /** What it costs to keep. */
  readonly bytes: number;
  /** A small picture of it for the history. */
  readonly thumbnail: Blob;
}

/** What is sent to the server to have the hole filled. */
export interface FillRequest {
  readonly image: Blob;
  readonly mask: Blob;
  /** The part of the picture that is sent. */
  readonly box: Box;
  readonly forceCrop: boolean;
}

export interface Opened extends Size {
  readonly hasTransparency: boolean;
  /** What the numbers of its bitmaps mean. */
  readonly space: ScreenSpace;
}

/** Width and height of a thumbnail, in pixels; twice what they take on the screen. */
const THUMBNAIL = { width: 112, height: 80 };
/** Pixels sooner cut out than shown at once are left to the tiles: a bitmap of the whole picture would be too much. */
const SHOWN_AT_ONCE = 4_000_000;

/** The table at which a picture is worked on, away from the page's own thread. */
export class Desk {
  private document: PictureDocument | null = null;
  private vault = new Vault();
  private transparent = false;
  private metadata: Metadata | null = null;
  private space: ScreenSpace = "srgb";
  /** Null where the picture's numbers are the screen's. */
  private toScreen: ToScreen | null = null;
  /** The mask of the last fill, as far as it reached. */
  private lastHole: { readonly box: Box; readonly mask: Mask } | null = null;

  private serverCopy: ServerCopy = () => Promise.reject(new Error("no server is connected"));

  /** Sets the way to the server, which the page has and its worker hasn't. */
  connect(serverCopy: ServerCopy): void {
    this.serverCopy = serverCopy;
  }

  /** Opens a file; `screen` is what the screen can show. */
  async open(file: Blob, screen: ScreenSpace): Promise<Opened> {
    const { pixels, metadata } = await this.decode(file);
    this.document = new PictureDocument(pixels);
    this.vault = new Vault();
    this.lastHole = null;
    this.transparent = hasTransparency(pixels.data);
    this.metadata = metadata;
    // What sRGB can't say is rare; most pictures need no conversion at all.
    const wide = metadata.icc !== null && toScreen(metadata.icc, "srgb") !== null;
    this.space = wide ? screen : "srgb";
    this.toScreen = wide ? toScreen(metadata.icc, screen) : null;
    const { width, height } = pixels;
    return { width, height, hasTransparency: this.transparent, space: this.space };
  }

  async tile(layer: Layer, level: number, column: number, row: number): Promise<ImageBitmap | null> {
    const pixels = this.document?.tile(layer, level, column, row);
    if (!pixels) return null;
    const bitmap = await (layer === "mask" ? toBitmap(pixels) : this.onScreen(pixels));
    return transfer(bitmap, [bitmap]);
  }

  /** Changes the mask; null where that changes nothing. */
  async edit(edit: MaskEdit): Promise<Done | null> {
    const delta = this.current().edit(edit);
    return delta && this.done([delta]);
  }

  /** Reads the mask from a file; null where it is what the mask is already. */
  async importMask(file: Blob): Promise<Done | null> {
    return this.edit({ kind: "replace", mask: await this.readMask(file) });
  }

  /** A mask as a file has it, stretched to the picture's size. */
  private async readMask(file: Blob): Promise<Mask> {
    const bitmap = await toBitmap((await this.decode(file)).pixels);
    try {
      const context = canvasOf(this.current().size);
      // A mask's values are not to be mixed.
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

  /** Adds a mask from a file to what is there; null where that changes nothing. */
  async addToMask(file: Blob): Promise<Done | null> {
    const mask = await this.readMask(file);
    const { data } = this.current().mask;
    const both = mask.data.map((value, at) => Math.max(value, data[at] ?? 0));
    return this.edit({ kind: "replace", mask: { ...mask, data: both } });
  }

  /** Whether a picture has the size of the one that is open. */
  async fits(file: Blob): Promise<boolean> {
    const { pixels } = await this.decode(file);
    const { width, height } = this.current().size;
    return pixels.width === width && pixels.height === height;
  }

  /** Takes another picture of the same size in place of this one. */
  async replacePicture(file: Blob): Promise<Done> {
    const { pixels } = await this.decode(file);
    this.transparent = hasTransparency(pixels.data);
    return this.done([this.current().replace(pixels.data)]);
  }

  /** Makes a mask of what the picture lets shine through. */
  async maskFromOpacity(): Promise<Done | null> {
    const { pixels } = this.current();
    const mask = maskFromPixels(pixels, pixels.data, "opacity");
    return this.edit({ kind: "replace", mask: { ...mask, data: mask.data.map((value) => 255 - value) } });
  }

  /** Takes up the mask of the last fill again. */
  async repeatMask(): Promise<Done | null> {
    if (!this.lastHole) return null;
    const mask = emptyMask(this.current().size);
    paste(mask, this.lastHole.mask, this.lastHole.box.x, this.lastHole.box.y);
    return this.edit({ kind: "replace", mask });
  }

  async exportMask(): Promise<Blob> {
    return encodePng({ ...this.current().mask, channels: 1 });
  }

  /** Cuts out what the server needs to see; null where there is no hole. */
  async request(options: HdOptions): Promise<FillRequest | null> {
    const document = this.current();
    const hole = document.hole();
    if (!hole) return null;
    const { box, forceCrop } = uploadFor(hole, document.size, options);
    const mask = binary(cut(document.mask, box));
    const [image, holes] = await Promise.all([
      this.png(document.cut(box)),
      encodePng({ ...mask, channels: 1 }),
    ]);
    return { image, mask: holes, box, forceCrop };
  }

  /** Lays the server's answer over the picture; `box` is its place. */
  async fill(png: Blob, box: Box): Promise<Done> {
    const bitmap = await decodePatch(png);
    if (bitmap.width !== box.width || bitmap.height !== box.height) {
      bitmap.close();
      throw new Error("the answer isn't of the size that it says");
    }
    const patch = pixelsOf(bitmap);
    bitmap.close();
    const document = this.current();
    const hole = document.hole();
    this.lastHole = hole && { box: hole, mask: cut(document.mask, hole) };
    return this.done(document.fill(patch.data, box));
  }

  /** Undoes a step, or does it again. */
  async travel(id: number): Promise<Change> {
    const deltas = await this.vault.get(id);
    const document = this.current();
    for (const delta of deltas) document.apply(delta);
    return this.show(await this.change(deltas));
  }

  merge(ids: readonly number[]): { id: number; bytes: number } {
    return this.vault.merge(ids);
  }

  forget(ids: readonly number[]): void {
    this.vault.forget(ids);
  }

  /** The picture as it is now, without loss, with what its file said besides. */
  async encodePng(): Promise<Blob> {
    return this.png(this.current().pixels, this.metadata ? await pngChunks(this.metadata) : []);
  }

  /** The picture in a format that loses some; a PNG where the browser can't write it. */
  async encodeLossy(type: LossyType, quality: number): Promise<Blob> {
    const { pixels } = this.current();
    const blob = await encodeLossy(pixels, type, quality);
    if (blob.type !== type) return this.encodePng();
    if (!this.metadata) return blob;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return new Blob([withMetadata(bytes, pixels, this.metadata)], { type });
  }

  private decode(file: Blob): Promise<Decoded> {
    return decode(file, this.serverCopy);
  }

  private current(): PictureDocument {
    if (!this.document) throw new Error("no picture is open");
    return this.document;
  }

  /** Pixels of the picture as the screen is to show them; they are used up. */
  private onScreen(pixels: Pixels): Promise<ImageBitmap> {
    this.toScreen?.(pixels.data);
    return toBitmap(pixels, this.space);
  }

  private png(pixels: Pixels, extra: readonly Chunk[] = []): Promise<Blob> {
    return this.transparent
      ? encodePng({ ...pixels, channels: 4 }, extra)
      : encodePng({ ...pixels, channels: 3, data: withoutAlpha(pixels.data) }, extra);
  }

  private async done(deltas: readonly Delta[]): Promise<Done> {
    const change = await this.change(deltas);
    const [{ id, bytes }, thumbnail] = await Promise.all([
      this.vault.put(deltas),
      this.thumbnail(change.picture ?? change.mask ?? whole(this.current().size)),
    ]);
    return this.show({ ...change, id, bytes, thumbnail });
  }

  private show<T extends Change>(change: T): T {
    return change.shown ? transfer(change, [change.shown]) : change;
  }

  private async change(deltas: readonly Delta[]): Promise<Change> {
    const document = this.current();
    const around = (layer: "picture" | "mask"): Box | null =>
      deltas.reduce<Box | null>((box, delta) => (delta.layer === layer ? union(box, delta.box) : box), null);
    const picture = around("picture");
    const small = picture && picture.width * picture.height <= SHOWN_AT_ONCE;
    const shown = small ? await this.onScreen(document.cut(picture)) : null;
    return { picture, mask: around("mask"), hole: document.hole(), shown };
  }

  /** What a step was about, with its surroundings and the mask over it. */
  private async thumbnail(box: Box): Promise<Blob> {
    const document = this.current();
    const around = grown(box, Math.round(Math.max(box.width, box.height) * 0.25) + 16, document.size);
    const view = document.overview(around, Math.max(THUMBNAIL.width, THUMBNAIL.height) * 2);
    const context = canvasOf(THUMBNAIL);
    const scale = Math.max(THUMBNAIL.width / view.picture.width, THUMBNAIL.height / view.picture.height);
    const [width, height] = [view.picture.width * scale, view.picture.height * scale];
    for (const bitmap of [await this.onScreen(view.picture), await toBitmap(tinted(view.mask))]) {
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

/** IOPaint's yellow at its 73 %. */
function tinted(mask: Pixels): Pixels {
  for (let at = 0; at < mask.data.length; at += 4) {
    mask.data[at] = 0xff;
    mask.data[at + 1] = 0xcc;
    mask.data[at + 3] = (mask.data[at + 3] ?? 0) * 0.73;
  }
  return mask;
}
