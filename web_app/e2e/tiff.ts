/** The content of a TIFF file. */
export interface TiffParts {
  readonly width: number;
  readonly height: number;
  readonly bits: 8 | 16;
  /** Row by row, 1 (grey) or 3 (RGB) per pixel. */
  readonly samples: readonly number[];
  /** ICC profile. */
  readonly profile?: Uint8Array;
  /** EXIF orientation, 1 to 8. */
  readonly orientation?: number;
}

/** Encodes an uncompressed little-endian TIFF (TIFF 6.0, section 7) at 300 dpi. */
export function tiff({ width, height, bits, samples, profile, orientation = 1 }: TiffParts): Buffer {
  const channels = samples.length / (width * height);
  const pixels = Buffer.alloc((samples.length * bits) / 8);
  samples.forEach((sample, index) => {
    if (bits === 8) pixels.writeUInt8(sample, index);
    else pixels.writeUInt16LE(sample, index * 2);
  });
  const resolution = Buffer.alloc(8);
  resolution.writeUInt32LE(300, 0);
  resolution.writeUInt32LE(1, 4);
  const bitsPerSample = Buffer.alloc(channels * 2);
  for (let channel = 0; channel < channels; channel++) bitsPerSample.writeUInt16LE(bits, channel * 2);

  const blocks: Buffer[] = [];
  let end = 8;
  /** Appends a block and returns its file offset. */
  const append = (block: Uint8Array): number => {
    const offset = end;
    blocks.push(Buffer.from(block));
    end += block.length;
    return offset;
  };
  const [SHORT, LONG, RATIONAL, UNDEFINED] = [3, 4, 5, 7];
  const fields: readonly (readonly [tag: number, type: number, count: number, value: number])[] = [
    [256, LONG, 1, width],
    [257, LONG, 1, height],
    [258, SHORT, channels, channels > 2 ? append(bitsPerSample) : bits],
    [259, SHORT, 1, 1],
    [262, SHORT, 1, channels > 2 ? 2 : 1],
    [273, LONG, 1, append(pixels)],
    [274, SHORT, 1, orientation],
    [277, SHORT, 1, channels],
    [278, LONG, 1, height],
    [279, LONG, 1, pixels.length],
    [282, RATIONAL, 1, append(resolution)],
    [283, RATIONAL, 1, append(resolution)],
    [296, SHORT, 1, 2],
    ...(profile ? [[34_675, UNDEFINED, profile.length, append(profile)] as const] : []),
  ];
  const directory = Buffer.alloc(2 + fields.length * 12 + 4);
  directory.writeUInt16LE(fields.length, 0);
  fields.forEach(([tag, type, count, value], index) => {
    const offset = 2 + index * 12;
    directory.writeUInt16LE(tag, offset);
    directory.writeUInt16LE(type, offset + 2);
    directory.writeUInt32LE(count, offset + 4);
    directory.writeUInt32LE(value, offset + 8);
  });
  const header = Buffer.from("49492a0000000000", "hex");
  header.writeUInt32LE(end, 4);
  return Buffer.concat([header, ...blocks, directory]);
}
