import { deflate, type Chunk } from "../png";
import { fromLatin, INCH_IN_METRES, joined, latin, NO_METADATA, viewOf, type Metadata } from "./metadata";

/** The metadata of a PNG (PNG specification, third edition, 11.3). */
export async function readPng(bytes: Uint8Array): Promise<Metadata> {
  let found = NO_METADATA;
  for (const { type, body } of chunks(bytes)) {
    if (type === "eXIf" && !found.exif) found = { ...found, exif: body.slice() };
    if (type === "iCCP") found = { ...found, icc: await profileOf(body.slice()) };
    if (type === "pHYs" && body.length === 9 && body[8] === 1) {
      const view = viewOf(body);
      const inches = (at: number) => view.getUint32(at) * INCH_IN_METRES;
      found = { ...found, density: { x: inches(0), y: inches(4) } };
    }
  }
  return found;
}

/** The chunks behind the signature. */
export function* chunks(bytes: Uint8Array): Generator<Chunk> {
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = viewOf(bytes).getUint32(at);
    yield { type: latin(bytes, at + 4, 4), body: bytes.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** The chunks that say it in a PNG. */
export async function pngChunks({ exif, icc, density }: Metadata): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  if (icc) {
    const packed = await deflate([Uint8Array.from(icc)]);
    chunks.push({ type: "iCCP", body: joined(fromLatin("ICC profile\0\0"), packed) });
  }
  if (density) {
    const body = new Uint8Array(9);
    viewOf(body).setUint32(0, Math.round(density.x / INCH_IN_METRES));
    viewOf(body).setUint32(4, Math.round(density.y / INCH_IN_METRES));
    body[8] = 1;
    chunks.push({ type: "pHYs", body });
  }
  if (exif) chunks.push({ type: "eXIf", body: exif });
  return chunks;
}

async function profileOf(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  // A name, a zero, the method of compression, which is always 0.
  const packed = body.slice(body.indexOf(0) + 2);
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return null;
  }
}
