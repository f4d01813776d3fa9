import type { Delta } from "../../core/delta";

/** A delta whose bytes are compressed and in the browser's keeping, which may put them on disk. */
interface Kept extends Omit<Delta, "bytes"> {
  readonly packed: Blob;
}

/** The deltas of all steps, by the number of the step. */
export class Vault {
  private readonly kept = new Map<number, readonly Kept[]>();
  private last = 0;

  /** Keeps deltas as one step; the answer is its number and what it costs in bytes. */
  async put(deltas: readonly Delta[]): Promise<{ id: number; bytes: number }> {
    const kept = await Promise.all(
      deltas.map(async ({ layer, box, bytes }) => ({ layer, box, packed: await pack(bytes) })),
    );
    const id = ++this.last;
    this.kept.set(id, kept);
    return { id, bytes: kept.reduce((sum, { packed }) => sum + packed.size, 0) };
  }

  async get(id: number): Promise<Delta[]> {
    const kept = this.kept.get(id) ?? [];
    return Promise.all(kept.map(async ({ packed, ...rest }) => ({ ...rest, bytes: await unpack(packed) })));
  }

  /** Makes one step of several. */
  merge(ids: readonly number[]): { id: number; bytes: number } {
    const kept = ids.flatMap((id) => this.kept.get(id) ?? []);
    this.forget(ids);
    const id = ++this.last;
    this.kept.set(id, kept);
    return { id, bytes: kept.reduce((sum, { packed }) => sum + packed.size, 0) };
  }

  forget(ids: readonly number[]): void {
    for (const id of ids) this.kept.delete(id);
  }
}

function pack(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Response(stream).blob();
}

async function unpack(packed: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const stream = packed.stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
