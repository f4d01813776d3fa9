import { expose } from "comlink";
import { encodePng } from "../core/png";
import { decode, type ServerDecoder } from "../editor/document/codec";
import { binaryMask, objectMask } from "./masks";
import { zip } from "./zip";

/** A mask file. Blobs passed to a worker are copies, so `id` is the identity. */
export interface BatchMask {
  readonly id: number;
  readonly name: string;
  readonly blob: Blob;
}

/** The most recent mask, since most batches have one. */
let last: { readonly id: number; readonly png: Blob } | null = null;
let decodeOnServer: ServerDecoder = () => Promise.reject(new Error("no server decoder is set"));

/** CPU-intensive work of a batch, in a web worker. */
const batchWorker = {
  /** Sets the function that decodes on the server; only the page can call it. */
  setServerDecoder(decoder: ServerDecoder): void {
    decodeOnServer = decoder;
  },
  /** Returns an upright binary mask in its own size; the server scales it to each image. */
  async encodeMask({ id, blob }: BatchMask): Promise<Blob> {
    if (last?.id === id) return last.png;
    const { pixels } = await decode(blob, decodeOnServer);
    const { width, height } = pixels;
    const png = await encodePng({ width, height, channels: 1, data: binaryMask(pixels) });
    last = { id, png };
    return png;
  },
  /** Returns the mask of a plugin's objects, or of everything else; null without an object. */
  async encodeObjects(file: Blob, invert: boolean): Promise<Blob | null> {
    const { pixels } = await decode(file, decodeOnServer);
    const data = objectMask(pixels, invert);
    return data && encodePng({ width: pixels.width, height: pixels.height, channels: 1, data });
  },
  zip,
};

export type BatchWorker = typeof batchWorker;

expose(batchWorker);
