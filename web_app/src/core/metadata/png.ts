import { deflate, type Chunk } from "../png";
import { concat, dataView, fromLatin1, INCH_IN_METRES, latin1, NO_METADATA, type Metadata } from "./metadata";

/** Reads the metadata of a PNG (PNG specification, third edition, 11.3). */
export async function readPng(bytes: Uint8Array): Promise<Metadata> {
  let found = NO_METADATA;
  for (const { type, body } of chunks(bytes)) {
    if (type === "eXIf" && !found.exif) found = { ...found, exif: body.slice() };
    if (type === "iCCP") found = { ...found, icc: await decompressProfile(body.slice()) };
    if (type === "pHYs" && body.length === 9 && body[8] === 1) {
      const view = dataView(body);
      const inches = (at: number) => view.getUint32(at) * INCH_IN_METRES;
      found = { ...found, density: { x: inches(0), y: inches(4) } };
    }
  }
  return found;
}

/** Yields the chunks after the signature. */
export function* chunks(bytes: Uint8Array): Generator<Chunk> {
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = dataView(bytes).getUint32(at);
    yield { type: latin1(bytes, at + 4, 4), body: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** Returns the chunks that store metadata in a PNG. */
export async function pngChunks({ exif, icc, density }: Metadata): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  if (icc) {
    const compressed = await deflate([Uint8Array.from(icc)]);
    chunks.push({ type: "iCCP", body: concat(fromLatin1("ICC profile\0\0"), compressed) });
  }
  if (density) {
    const body = new Uint8Array(9);
    dataView(body).setUint32(0, Math.round(density.x / INCH_IN_METRES));
    dataView(body).setUint32(4, Math.round(density.y / INCH_IN_METRES));
    body[8] = 1;
    chunks.push({ type: "pHYs", body });
  }
  if (exif) chunks.push({ type: "eXIf", body: exif });
  return chunks;
}

async function decompressProfile(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  // iCCP: a name, a zero byte, the compression method (always 0).
  const compressed = body.slice(body.indexOf(0) + 2);
  try {
    const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}
