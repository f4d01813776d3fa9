/** What a TIFF is made of: samples row by row, 1 or 3 a pixel. */
export interface TiffParts {
  readonly width: number;
  readonly height: number;
  readonly bits: 8 | 16;
  readonly samples: readonly number[];
  readonly profile?: Uint8Array;
  /** 1 to 8. */
  readonly orientation?: number;
}

/** Writes an uncompressed little-endian TIFF (TIFF 6.0, section 7) at 300 dots per inch. */
export function tiff({ width, height, bits, samples, profile, orientation = 1 }: TiffParts): Buffer {
  const channels = samples.length / (width * height);
  const pixels = Buffer.alloc((samples.length * bits) / 8);
  samples.forEach((sample, at) => {
    if (bits === 8) pixels.writeUInt8(sample, at);
    else pixels.writeUInt16LE(sample, at * 2);
  });
  const resolution = Buffer.alloc(8);
  resolution.writeUInt32LE(300, 0);
  resolution.writeUInt32LE(1, 4);
  const bitsEach = Buffer.alloc(channels * 2);
  for (let channel = 0; channel < channels; channel++) bitsEach.writeUInt16LE(bits, channel * 2);

  const blocks: Buffer[] = [];
  let end = 8;
  const place = (block: Uint8Array): number => {
    const at = end;
    blocks.push(Buffer.from(block));
    end += block.length;
    return at;
  };
  const [SHORT, LONG, RATIONAL, UNDEFINED] = [3, 4, 5, 7];
  const fields: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, channels, channels > 2 ? place(bitsEach) : bits],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, channels > 2 ? 2 : 1],
    [273, LONG, 1, place(pixels)],
    [274, SHORT, 1, orientation],
    [277, SHORT, 1, channels],
    [278, LONG, 1, height],
    [279, LONG, 1, pixels.length],
    [282, RATIONAL, 1, place(resolution)],
    [283, RATIONAL, 1, place(resolution)],
    [296, SHORT, 1, 2],
    ...(profile ? [[34_675, UNDEFINED, profile.length, place(profile)] as const] : []),
  ];
  const directory = Buffer.alloc(2 + fields.length * 12 + 4);
  directory.writeUInt16LE(fields.length, 0);
  fields.forEach(([tag, type, count, value], index) => {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(count, at + 4);
    directory.writeUInt32LE(value, at + 8);
  });
  const header = Buffer.from("49492a0000000000", "hex");
  header.writeUInt32LE(end, 4);
  return Buffer.concat([header, ...blocks, directory]);
}
