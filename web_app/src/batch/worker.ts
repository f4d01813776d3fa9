import { expose } from "comlink";
import { encodePng } from "../core/png";
import { decode, type ServerCopy } from "../editor/document/codec";
import { paintedMask } from "./masks";
import { zip } from "./zip";

/** A mask's file; the same `id` is the same file, which a copy of a blob can't tell. */
export interface BatchMask {
  readonly id: number;
  readonly name: string;
  readonly blob: Blob;
}

/** Most batches have one mask, which is read once. */
let last: { readonly id: number; readonly painted: Blob } | null = null;
let serverCopy: ServerCopy = () => Promise.reject(new Error("no server is connected"));

/** What takes long in a batch, off the page's thread. */
const batchWorker = {
  /** Sets the way to the server, which the page has and its worker hasn't. */
  connect(copy: ServerCopy): void {
    serverCopy = copy;
  },
  /** A mask in its own size and upright, white where it is painted. The server scales it to each photo. */
  async painted({ id, blob }: BatchMask): Promise<Blob> {
    if (last?.id === id) return last.painted;
    const { pixels } = await decode(blob, serverCopy);
    const { width, height } = pixels;
    const painted = await encodePng({ width, height, channels: 1, data: paintedMask(pixels) });
    last = { id, painted };
    return painted;
  },
  zip,
};

export type BatchWorker = typeof batchWorker;

expose(batchWorker);
