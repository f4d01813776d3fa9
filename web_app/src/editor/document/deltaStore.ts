import type { Delta } from "../../core/delta";

/** A delta with compressed bytes. A Blob, so that the browser can move the data to disk. */
interface CompressedDelta extends Omit<Delta, "bytes"> {
  readonly compressed: Blob;
}

/** Compressed deltas of all history steps, by step id. */
export class DeltaStore {
  private readonly steps = new Map<number, readonly CompressedDelta[]>();
  private lastId = 0;

  /** Stores the deltas of a step; returns its id and compressed size. */
  async add(deltas: readonly Delta[]): Promise<{ id: number; bytes: number }> {
    const step = await Promise.all(
      deltas.map(async ({ layer, box, bytes }) => ({ layer, box, compressed: await compress(bytes) })),
    );
    const id = ++this.lastId;
    this.steps.set(id, step);
    return { id, bytes: compressedSize(step) };
  }

  /** Returns the deltas of a step; none for an unknown id. */
  async get(id: number): Promise<Delta[]> {
    const step = this.steps.get(id) ?? [];
    return Promise.all(
      step.map(async ({ compressed, ...rest }) => ({ ...rest, bytes: await decompress(compressed) })),
    );
  }

  /** Merges several steps into a new one. */
  merge(ids: readonly number[]): { id: number; bytes: number } {
    const merged = ids.flatMap((id) => this.steps.get(id) ?? []);
    this.delete(ids);
    const id = ++this.lastId;
    this.steps.set(id, merged);
    return { id, bytes: compressedSize(merged) };
  }

  delete(ids: readonly number[]): void {
    for (const id of ids) this.steps.delete(id);
  }
}

function compressedSize(deltas: readonly CompressedDelta[]): number {
  return deltas.reduce((sum, { compressed }) => sum + compressed.size, 0);
}

function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Response(stream).blob();
}

async function decompress(compressed: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const stream = compressed.stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
