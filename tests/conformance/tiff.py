"""Generates TIFF files: layouts, compressions, bit depths, colour models and the kinds that are refused.

The files are written here, tag by tag; only compression is left to libtiff (CCITT, through Pillow), libjpeg-turbo and
imagecodecs. The reference is the array that was written; of JPEG streams, libjpeg-turbo's reading of each stream; of
subsampled luma and chroma, libtiff's reading of the file.
"""

from __future__ import annotations

import io
import itertools
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy
from PIL import Image

NONE, RLE, G3, G4, LZW, JPEG, DEFLATE, OLD_DEFLATE, PACKBITS = 1, 2, 3, 4, 5, 7, 8, 32946, 32773
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, MASK, CMYK, YCBCR = range(7)
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
SHORT, LONG, RATIONAL, LONG8 = 3, 4, 5, 16
SIZES = {1: 1, 2: 1, SHORT: 2, LONG: 4, RATIONAL: 8, 7: 1, 10: 8, 13: 4, LONG8: 8}


@dataclass
class File:
    """A file's structure; `stored` holds its samples as numbers, height x width x samples."""

    stored: numpy.ndarray
    photometric: int
    bits: int = 8
    compression: int = NONE
    planar: bool = False
    rows: int | None = None
    tile: tuple[int, int] | None = None
    predictor: int = 1
    fill_order: int = 1
    extra: list[int] | None = None
    order: str = "<"
    big: bool = False
    orientation: int | None = None
    t4: int = 0
    subsampling: tuple[int, int] = (1, 1)
    tables: bool = False
    streams: list[bytes] = field(default_factory=list)
    tags: dict[int, tuple[int, list]] = field(default_factory=dict)
    without: tuple[int, ...] = ()

    def chunks(self) -> Iterator[numpy.ndarray]:
        """The strips or tiles in file order; tiles are padded with their last row and column."""
        height, width, _ = self.stored.shape
        planes = [self.stored[..., i : i + 1] for i in range(self.stored.shape[2])] if self.planar else [self.stored]
        for plane in planes:
            if self.tile is None:
                step = self.rows or height
                yield from (plane[y : y + step] for y in range(0, height, step))
                continue
            across, down = self.tile
            for y, x in itertools.product(range(0, height, down), range(0, width, across)):
                part = plane[y : y + down, x : x + across]
                padding = ((0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0))
                yield numpy.pad(part, padding, mode="edge")

    def encode(self, chunk: numpy.ndarray) -> bytes:
        if self.compression in (RLE, G3, G4):
            data = fax(chunk[..., 0], self.compression, self.t4)
        else:
            data = self.compress(self.pack(chunk))
        return data.translate(REVERSED) if self.fill_order == 2 else data

    def pack(self, chunk: numpy.ndarray) -> bytes:
        if self.subsampling != (1, 1):
            return blocks(chunk, *self.subsampling)
        if self.predictor == 2:
            chunk = numpy.diff(chunk, axis=1, prepend=numpy.zeros_like(chunk[:, :1]))
        if self.bits in (8, 16):
            return chunk.astype(f"{self.order}u{self.bits // 8}").tobytes()
        rows = chunk.reshape(chunk.shape[0], -1)
        shifts = numpy.arange(self.bits - 1, -1, -1)
        bits = (rows[..., None].astype(numpy.int64) >> shifts & 1).astype(numpy.uint8)
        return numpy.packbits(bits.reshape(rows.shape[0], -1), axis=1).tobytes()

    def compress(self, data: bytes) -> bytes:
        match self.compression:
            case 5:
                return imagecodecs.lzw_encode(data)
            case 8 | 32946:
                return zlib.compress(data)
            case 32773:
                return imagecodecs.packbits_encode(data)
        return data

    def write(self, path: Path) -> None:
        height, width, samples = self.stored.shape
        streams = self.streams or [self.encode(chunk) for chunk in self.chunks()]
        tags: dict[int, tuple[int, list]] = {
            256: (LONG, [width]),
            257: (LONG, [height]),
            258: (SHORT, [self.bits] * samples),
            259: (SHORT, [self.compression]),
            262: (SHORT, [self.photometric]),
            277: (SHORT, [samples]),
            284: (SHORT, [2 if self.planar else 1]),
        }
        offsets = 273
        if self.tile is None:
            tags[278] = (LONG, [self.rows or height])
            tags[279] = (LONG, [len(stream) for stream in streams])
        else:
            offsets = 324
            tags[322], tags[323] = (LONG, [self.tile[0]]), (LONG, [self.tile[1]])
            tags[325] = (LONG, [len(stream) for stream in streams])
        if self.fill_order != 1:
            tags[266] = (SHORT, [self.fill_order])
        if self.orientation is not None:
            tags[274] = (SHORT, [self.orientation])
        if self.t4:
            tags[292] = (LONG, [self.t4])
        if self.predictor != 1:
            tags[317] = (SHORT, [self.predictor])
        if self.extra is not None:
            tags[338] = (SHORT, self.extra)
        if self.photometric == YCBCR:
            tags[530] = (SHORT, list(self.subsampling))
        tags |= self.tags
        body = bytearray()
        start = 16 if self.big else 8
        positions = []
        for stream in streams:
            positions.append(start + len(body))
            body += stream + b"\0" * (len(stream) % 2)
        tags[offsets] = (LONG8 if self.big else LONG, positions)
        tags = {number: value for number, value in tags.items() if number not in self.without}
        path.write_bytes(self.container(tags, body))

    def container(self, tags: dict[int, tuple[int, list]], body: bytearray) -> bytes:
        word, count, start = ("Q", "Q", 16) if self.big else ("I", "H", 8)
        size = struct.calcsize(word)
        entries = []
        for number, (kind, values) in sorted(tags.items()):
            data = self.values(kind, values)
            if len(data) > size:
                place = struct.pack(self.order + word, start + len(body))
                body += data + b"\0" * (len(data) % 2)
                data = place
            length = len(values)
            entries.append(struct.pack(self.order + "HH" + word, number, kind, length) + data.ljust(size, b"\0"))
        directory = struct.pack(self.order + count, len(entries)) + b"".join(entries) + b"\0" * size
        mark = b"II" if self.order == "<" else b"MM"
        version = (43, 8, 0) if self.big else (42,)
        header = mark + struct.pack(f"{self.order}{len(version)}H{word}", *version, start + len(body))
        return header + bytes(body) + directory

    def values(self, kind: int, values: list) -> bytes:
        if kind in (1, 2, 7):
            return bytes(values)
        if kind in (RATIONAL, 10):
            letter = "i" if kind == 10 else "I"
            return b"".join(struct.pack(f"{self.order}2{letter}", *value) for value in values)
        letter = {2: "H", 4: "I", 8: "Q"}[SIZES[kind]]
        return struct.pack(f"{self.order}{len(values)}{letter}", *values)


def fax(bits: numpy.ndarray, compression: int, t4: int) -> bytes:
    """One strip of libtiff's CCITT encoder, 1 for black."""
    buffer = io.BytesIO()
    name = {RLE: "tiff_ccitt", G3: "group3", G4: "group4"}[compression]
    image = Image.fromarray(bits.astype(bool))
    info = {278: bits.shape[0]} | ({292: t4} if t4 else {})
    image.save(buffer, "TIFF", compression=name, tiffinfo=info)
    tags = Image.open(buffer).tag_v2
    assert len(tags[273]) == 1 and tags[262] == BLACK_IS_ZERO
    return buffer.getvalue()[tags[273][0] :][: tags[279][0]]


def blocks(chunk: numpy.ndarray, across: int, down: int) -> bytes:
    """Packs Y, Cb, Cr into blocks of subsampled chroma (TIFF 6.0, section 21)."""
    height, width, _ = chunk.shape
    padded = numpy.pad(chunk, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
    rows, columns = padded.shape[0] // down, padded.shape[1] // across
    split = padded.reshape(rows, down, columns, across, 3).transpose(0, 2, 1, 3, 4)
    luma = split[..., 0].reshape(rows, columns, -1)
    chroma = split[..., 1:].reshape(rows, columns, -1, 2).mean(axis=2).astype(numpy.uint8)
    return numpy.concatenate([luma, chroma], axis=2).tobytes()


def scene(random_: random.Random, height: int, width: int, samples: int, bits: int) -> numpy.ndarray:
    """Gradients and noise over the whole range of the bits."""
    noise = numpy.random.default_rng(random_.randrange(1 << 30))
    y, x = numpy.mgrid[0:height, 0:width]
    largest = (1 << bits) - 1
    planes = [
        (x * (i + 2) * largest // (3 * width) + y * (3 - i % 3) * largest // (4 * height)) for i in range(samples)
    ]
    picture = numpy.stack(planes, axis=-1) + noise.integers(0, max(largest // 6, 2), (height, width, samples))
    return (picture % (largest + 1)).astype(numpy.uint16 if bits > 8 else numpy.uint8)


def scaled(stored: numpy.ndarray, bits: int) -> numpy.ndarray:
    full = 255 if bits <= 8 else 65535
    largest = (1 << bits) - 1
    return ((stored.astype(numpy.int64) * full * 2 + largest) // (2 * largest)).astype(
        numpy.uint8 if bits <= 8 else numpy.uint16
    )


def straight(pixels: numpy.ndarray) -> numpy.ndarray:
    """Divides colours by the last channel, as Pillow converts RGBa to RGBA."""
    full = numpy.iinfo(pixels.dtype).max
    colours, alpha = pixels[..., :-1].astype(numpy.int64), pixels[..., -1:].astype(numpy.int64)
    divided = numpy.minimum(colours * full // numpy.maximum(alpha, 1), full)
    divided = numpy.where((alpha == 0) | (alpha == full), colours, divided)
    return numpy.concatenate([divided, alpha], axis=2).astype(pixels.dtype)


def inks(cmyk: numpy.ndarray) -> numpy.ndarray:
    return numpy.array(Image.fromarray(numpy.ascontiguousarray(cmyk), "CMYK").convert("RGB"))


def upright(pixels: numpy.ndarray, orientation: int | None) -> numpy.ndarray:
    turns = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: a[::-1].swapaxes(0, 1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: a[:, ::-1].swapaxes(0, 1),
    }
    return turns.get(orientation or 1, lambda a: a)(pixels)


def reference(file: File) -> numpy.ndarray:
    """The pixels that a lossless file shows: gray as one channel, gray with alpha as RGBA."""
    colours = {PALETTE: 1, RGB: 3, YCBCR: 3, CMYK: 4}.get(file.photometric, 1)
    extra = file.extra if file.extra is not None else []
    kinds = [(i, kind) for i, kind in enumerate(extra) if kind in (1, 2)]
    if file.extra is None and file.photometric == RGB and file.stored.shape[2] > 3:
        kinds = [(0, 2)]
    pixels = scaled(file.stored, file.bits)
    alpha = pixels[..., [colours + kinds[0][0]]] if kinds else None
    associated = bool(kinds) and kinds[0][1] == 1
    pixels = pixels[..., :colours]
    if file.photometric == WHITE_IS_ZERO:
        pixels = numpy.iinfo(pixels.dtype).max - pixels
    if file.photometric == PALETTE:
        kind, values = file.tags[320]
        table = numpy.array(values, numpy.int64).reshape(3, -1)
        if table.max() > 255:
            table >>= 8
        pixels = table[:, file.stored[..., 0]].transpose(1, 2, 0).astype(numpy.uint8)
    if file.photometric == CMYK:
        if pixels.dtype == numpy.uint16:
            pixels, alpha = ((a.astype(numpy.int64) + 128) // 257 if a is not None else None for a in (pixels, alpha))
            pixels = pixels.astype(numpy.uint8)
            alpha = alpha.astype(numpy.uint8) if alpha is not None else None
        if associated:
            pixels, associated = straight(numpy.concatenate([pixels, alpha], axis=2))[..., :4], False
        pixels = inks(pixels)
    if alpha is not None:
        pixels = numpy.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
        pixels = numpy.concatenate([pixels, alpha], axis=2)
        pixels = straight(pixels) if associated else pixels
    return numpy.ascontiguousarray(upright(pixels, file.orientation))


def colour_map(random_: random.Random, bits: int, eight_bit: bool) -> tuple[int, list[int]]:
    values = [random_.randrange(256) for _ in range(3 << bits)]
    values[0] = 255
    return SHORT, values if eight_bit else [value * 257 for value in values]


MODELS = [
    # photometric, ExtraSamples, bits
    (WHITE_IS_ZERO, [], (1, 2, 4, 8, 16)),
    (BLACK_IS_ZERO, [], (1, 2, 4, 6, 8, 10, 12, 14, 16)),
    (BLACK_IS_ZERO, [2], (4, 8, 16)),
    (WHITE_IS_ZERO, [1], (8, 16)),
    (BLACK_IS_ZERO, [0], (8, 16)),
    (BLACK_IS_ZERO, [0, 0], (2, 8)),
    (RGB, [], (2, 4, 8, 12, 16)),
    (RGB, None, (8, 16)),
    (RGB, [0], (4, 8, 16)),
    (RGB, [1], (8, 16)),
    (RGB, [2], (8, 16)),
    (RGB, [0, 2], (8, 16)),
    (RGB, [2, 0, 0], (8, 16)),
    (PALETTE, [], (1, 2, 4, 8)),
    (PALETTE, [0], (8,)),
    (PALETTE, [2], (8,)),
    (CMYK, [], (8, 16)),
    (CMYK, [0], (8, 16)),
    (CMYK, [1], (8,)),
    (CMYK, [2], (8,)),
    (CMYK, [0, 0], (8,)),
]
LOSSLESS = [NONE, PACKBITS, LZW, DEFLATE, OLD_DEFLATE]


def layout(random_: random.Random, height: int) -> dict:
    shape = random_.choice(["strips", "strip", "tiles", "tiles"])
    tile = (16 * random_.randint(1, 3), 16 * random_.randint(1, 3)) if shape == "tiles" else None
    return {
        "rows": random_.randint(1, height) if shape == "strips" else None,
        "tile": tile,
        "planar": random_.random() < 0.5,
        "order": random_.choice("<>"),
        "big": random_.random() < 0.3,
    }


def lossless(random_: random.Random) -> Iterator[tuple[str, File]]:
    for photometric, extra, depths in MODELS:
        samples = {RGB: 3, CMYK: 4}.get(photometric, 1) + (1 if extra is None else len(extra))
        for bits, compression in itertools.product(depths, random_.sample(LOSSLESS, 4)):
            height, width = random_.randint(1, 80), random_.randint(1, 100)
            file = File(
                scene(random_, height, width, samples, bits),
                photometric,
                bits,
                compression,
                extra=extra or None,
                fill_order=random_.choice([1, 1, 2]),
                orientation=random_.choice([None, None, *range(1, 9)]),
                **layout(random_, height),
            )
            if compression in (LZW, DEFLATE, OLD_DEFLATE) and bits in (8, 16):
                file.predictor = random_.choice([1, 2])
            if photometric == PALETTE:
                file.tags[320] = colour_map(random_, bits, random_.random() < 0.5)
            yield f"{photometric}-{bits}bit-{samples}ch-{compression}", file


def every_layout(random_: random.Random) -> Iterator[tuple[str, File]]:
    """Planes x tiles x compression x bit order, in 8 bits; sizes that tiles and strips don't divide."""
    for planar, tile, compression, fill_order in itertools.product(
        (False, True), (None, (16, 16), (32, 48), (128, 128)), LOSSLESS, (1, 2)
    ):
        file = File(scene(random_, 75, 97, 3, 8), RGB, compression=compression, planar=planar, fill_order=fill_order)
        file.tile, file.rows = tile, None if tile else random_.choice([1, 7, 28, 75])
        file.predictor = random_.choice([1, 2]) if compression in (LZW, DEFLATE, OLD_DEFLATE) else 1
        file.order, file.big = random_.choice("<>"), random_.random() < 0.3
        yield f"layout-{'planar' if planar else 'chunky'}-{tile}-{compression}-fill{fill_order}".replace(" ", ""), file


def ccitt(random_: random.Random) -> Iterator[tuple[str, File]]:
    schemes = [(RLE, 0), (G3, 0), (G3, 1), (G3, 4), (G3, 5), (G4, 0)]
    for (compression, t4), photometric, fill_order, tile in itertools.product(
        schemes, (WHITE_IS_ZERO, BLACK_IS_ZERO), (1, 2), (None, (32, 32))
    ):
        height, width = random_.randint(1, 90), random_.choice([1, 8, 97, 1728, 2623])
        bits = (scene(random_, height, width, 1, 8) > random_.choice([40, 128, 250])).astype(numpy.uint8)
        if random_.random() < 0.2:
            bits[:] = random_.randint(0, 1)
        file = File(bits, photometric, 1, compression, t4=t4, fill_order=fill_order, tile=tile)
        file.rows = None if tile else random_.randint(1, height)
        file.order = random_.choice("<>")
        yield f"ccitt-{compression}-{t4}-{photometric}-fill{fill_order}-{'tiles' if tile else 'strips'}", file


def sloppy(random_: random.Random) -> Iterator[tuple[str, File]]:
    """Files that leave out or repeat tags, as libtiff reads them."""
    rgb = scene(random_, 40, 50, 3, 8)
    gray = scene(random_, 40, 50, 1, 8)
    yield "no-photometric-gray", File(gray, BLACK_IS_ZERO, without=(262,))
    yield "no-photometric-rgb", File(rgb, RGB, without=(262,))
    yield "no-counts", File(rgb, RGB, without=(279,))
    yield "zero-counts", File(rgb, RGB, compression=LZW, tags={279: (LONG, [0])})
    yield "no-rows-per-strip", File(rgb, RGB, without=(278,))
    yield "endless-rows-per-strip", File(rgb, RGB, tags={278: (LONG, [0xFFFFFFFF])})
    yield "no-planar", File(rgb, RGB, without=(284,))
    yield "no-samples", File(rgb, RGB, without=(277,))
    yield "no-samples-gray", File(gray, BLACK_IS_ZERO, without=(277,))
    yield "one-depth-for-all", File(rgb, RGB, tags={258: (SHORT, [8])})
    yield "predictor-without-codec", File(rgb, RGB, compression=PACKBITS, tags={317: (SHORT, [2])})
    yield "void-format", File(rgb, RGB, tags={339: (SHORT, [4, 4, 4])})
    yield "tile-offsets-in-strip-tags", tiles_in_strip_tags(rgb)
    yield "reduced-first-page", File(rgb, RGB, tags={254: (LONG, [1])})
    yield "byte-photometric", File(rgb, RGB, tags={262: (1, [2])})
    yield "bits-as-long", File(rgb, RGB, tags={258: (LONG, [8, 8, 8])})
    yield "corel-alpha", File(scene(random_, 40, 50, 4, 8), RGB, extra=[0])
    full = [(0, 1), (255, 1)] * 3
    yield "reference-rgb", File(rgb, RGB, tags={532: (RATIONAL, full)})
    bits = (gray > 90).astype(numpy.uint8)
    yield "no-bits", File(bits, WHITE_IS_ZERO, 1, G4, without=(258, 277))
    yield "old-lzw", old_lzw(random_)


def tiles_in_strip_tags(rgb: numpy.ndarray) -> File:
    file = File(rgb, RGB, tile=(64, 48), without=(324, 325))
    data = file.encode(next(file.chunks()))
    # A single tile directly behind the header.
    file.tags = {273: (LONG, [8]), 279: (LONG, [len(data)])}
    return file


def old_lzw(random_: random.Random) -> File:
    """LZW of TIFF 5.0's first writers, which is GIF's: low-order bit first, late growth of codes."""
    gray = scene(random_, 60, 70, 1, 8)
    buffer = io.BytesIO()
    Image.fromarray(gray[..., 0]).save(buffer, "GIF", optimize=False, interlace=False)
    gif = buffer.getvalue()
    image = Image.open(buffer)
    table = numpy.array(image.getpalette() or list(range(256)) * 3).reshape(-1, 3)
    at = gif.index(b",\0\0\0\0") + 10
    assert gif[at] == 8
    data, at = b"", at + 1
    while gif[at]:
        data += gif[at + 1 : at + 1 + gif[at]]
        at += 1 + gif[at]
    stored = numpy.array(Image.open(io.BytesIO(gif)))
    assert len(table) == 256 and stored.ndim == 2
    return File(stored[..., None].astype(numpy.uint8), BLACK_IS_ZERO, compression=LZW, streams=[data])


def chroma(random_: random.Random, folder: Path) -> Iterator[tuple[str, File, numpy.ndarray]]:
    """Luma and chroma without JPEG. libtiff, through Pillow, reads the Deflate file of the same samples."""
    coefficients = {"601": None, "709": [(2125, 10000), (7154, 10000), (721, 10000)]}
    ranges = {"full": None, "video": [(16, 1), (235, 1), (128, 1), (240, 1), (128, 1), (240, 1)]}
    for subsampling, matrix, range_ in itertools.product(
        ((1, 1), (2, 1), (2, 2), (4, 1), (4, 2), (1, 2)), coefficients, ranges
    ):
        height, width = random_.randint(9, 60), random_.randint(9, 60)
        stored = scene(random_, height, width, 3, 8)
        tags = {}
        if coefficients[matrix]:
            tags[529] = (RATIONAL, coefficients[matrix])
        if ranges[range_]:
            tags[532] = (RATIONAL, ranges[range_])
        compression = random_.choice([NONE, LZW, PACKBITS, DEFLATE])
        rows = subsampling[1] * 8
        base = File(stored, YCBCR, compression=DEFLATE, subsampling=subsampling, rows=rows, tags=tags)
        path = folder / "libtiff.tif"
        base.write(path)
        with Image.open(path) as image:
            pixels = numpy.array(image.convert("RGB"))
        path.unlink()
        file = File(stored, YCBCR, compression=compression, subsampling=subsampling, rows=rows, tags=tags)
        file.fill_order, file.order = random_.choice([1, 2]), random_.choice("<>")
        yield f"chroma-{subsampling[0]}{subsampling[1]}-{matrix}-{range_}-{compression}", file, pixels


def split_tables(stream: bytes) -> tuple[bytes, bytes]:
    """Splits a stream into its quantization and Huffman tables and the rest, both complete streams."""
    tables, rest, at = b"", b"", 2
    while stream[at + 1] != 0xDA:
        length = 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
        if stream[at + 1] in (0xDB, 0xC4):
            tables += stream[at : at + length]
        else:
            rest += stream[at : at + length]
        at += length
    return b"\xff\xd8" + tables + b"\xff\xd9", b"\xff\xd8" + rest + stream[at:]


def smooth(height: int, width: int, samples: int) -> numpy.ndarray:
    y, x = numpy.mgrid[0:height, 0:width]
    waves = [128 + 60 * numpy.sin(x / (9 + 3 * i)) + 60 * numpy.cos(y / (7 + 2 * i)) for i in range(samples)]
    return numpy.stack(waves, axis=-1).astype(numpy.uint8)


def jpeg(random_: random.Random) -> Iterator[tuple[str, File, numpy.ndarray]]:
    models = [
        (BLACK_IS_ZERO, 1, None),
        (WHITE_IS_ZERO, 1, None),
        (RGB, 3, None),
        (YCBCR, 3, (1, 1)),
        (YCBCR, 3, (2, 1)),
        (YCBCR, 3, (2, 2)),
        (CMYK, 4, None),
    ]
    for (photometric, samples, subsampling), tile, tables, planar in itertools.product(
        models, (None, (48, 32)), (False, True), (False, True)
    ):
        if planar and photometric not in (RGB, CMYK):
            continue
        height, width = random_.randint(17, 80), random_.randint(17, 90)
        file = File(smooth(height, width, samples), photometric, compression=JPEG, planar=planar, tile=tile)
        file.rows = None if tile else 16 * random_.randint(1, 4)
        file.subsampling = subsampling or (1, 1)
        file.order, file.fill_order = random_.choice("<>"), random_.choice([1, 2])
        space = {1: "GRAYSCALE", 3: "RGB", 4: "CMYK"}[1 if planar else samples]
        inside = "YCBCR" if photometric == YCBCR else space
        parts = []
        for chunk in file.chunks():
            pixels = chunk[..., 0] if chunk.shape[2] == 1 else chunk
            stream = imagecodecs.jpeg8_encode(
                numpy.ascontiguousarray(pixels),
                level=92,
                colorspace=space,
                outcolorspace=inside,
                subsampling=subsampling and {(1, 1): "444", (2, 1): "422", (2, 2): "420"}[subsampling],
            )
            read = imagecodecs.jpeg8_decode(stream, colorspace=inside, outcolorspace=space)
            parts.append(read.reshape(chunk.shape))
            if tables:
                common, stream = split_tables(stream)
                file.tags[347] = (7, list(common))
            file.streams.append(stream)
        pixels = assembled(file, parts)
        if photometric == WHITE_IS_ZERO:
            pixels = 255 - pixels
        if photometric == CMYK:
            pixels = inks(pixels)
        yield f"jpeg-{photometric}-{subsampling}-{tile}-{tables}-{planar}".replace(" ", ""), file, pixels


def assembled(file: File, parts: list[numpy.ndarray]) -> numpy.ndarray:
    """Puts decoded strips or tiles in place."""
    places = File(numpy.arange(file.stored.size).reshape(file.stored.shape), RGB, planar=file.planar)
    places.tile, places.rows = file.tile, file.rows
    pixels = numpy.zeros(file.stored.size, numpy.uint8)
    for place, part in zip(reversed(list(places.chunks())), reversed(parts), strict=True):
        # Padding repeats places; the first of each is the pixel itself.
        pixels[place.ravel()[::-1]] = part.ravel()[::-1]
    return pixels.reshape(file.stored.shape)


def refused(random_: random.Random) -> Iterator[tuple[str, File]]:
    rgb, gray = scene(random_, 20, 30, 3, 8), scene(random_, 20, 30, 1, 8)
    bits, cmyk = scene(random_, 20, 30, 1, 1), scene(random_, 20, 30, 4, 8)
    for compression in (6, 9, 10, 32766, 32771, 32809, 34661, 34676, 34712, 34887, 34925, 50000, 50001, 50002, 65000):
        yield f"compression-{compression}", File(rgb, RGB, tags={259: (SHORT, [compression])})
    for photometric in (4, 8, 9, 10, 32803, 32844, 32845, 34892, 7):
        yield f"photometric-{photometric}", File(rgb, photometric)
    for name, kind in (("signed", 2), ("float", 3), ("complex", 5), ("complex-float", 6)):
        yield f"format-{name}", File(rgb, RGB, tags={339: (SHORT, [kind] * 3)})
    yield "format-mixed", File(rgb, RGB, tags={339: (SHORT, [1, 1, 3])})
    yield "bits-mixed", File(rgb, RGB, tags={258: (SHORT, [5, 6, 5])})
    for depth in (17, 24, 32, 64):
        yield f"bits-{depth}", File(rgb, RGB, tags={258: (SHORT, [depth] * 3)})
    yield "palette-16bit", File(scene(random_, 20, 30, 1, 16), PALETTE, 16, tags={320: (SHORT, [0] * 3 * 65536)})
    yield "ycbcr-16bit", File(scene(random_, 20, 30, 3, 16), YCBCR, 16)
    yield "ycbcr-planar", File(rgb, YCBCR, planar=True, tags={530: (SHORT, [2, 2])})
    yield "ycbcr-predictor", File(rgb, YCBCR, compression=LZW, tags={530: (SHORT, [2, 2]), 317: (SHORT, [2])})
    yield "ycbcr-extra", File(cmyk, YCBCR, extra=[0], tags={530: (SHORT, [2, 2])})
    yield "ycbcr-odd", File(rgb, YCBCR, tags={530: (SHORT, [3, 1])})
    yield "predictor-float", File(rgb, RGB, compression=LZW, tags={317: (SHORT, [3])})
    yield "predictor-unknown", File(rgb, RGB, compression=LZW, tags={317: (SHORT, [9])})
    yield "predictor-4bit", File(scene(random_, 20, 30, 1, 4), BLACK_IS_ZERO, 4, LZW, tags={317: (SHORT, [2])})
    yield "fax-uncompressed-g3", File(bits, WHITE_IS_ZERO, 1, G3, t4=2)
    yield "fax-uncompressed-g4", File(bits, WHITE_IS_ZERO, 1, G4, tags={293: (LONG, [2])})
    yield "fax-8bit", File(gray, WHITE_IS_ZERO, 8, streams=[b"x"], tags={259: (SHORT, [G4])})
    yield "ink-set", File(cmyk, CMYK, tags={332: (SHORT, [2])})
    yield "number-of-inks", File(scene(random_, 20, 30, 6, 8), CMYK, tags={334: (SHORT, [6])})
    yield "dot-range", File(cmyk, CMYK, tags={336: (SHORT, [16, 235])})
    yield "decode", File(rgb, RGB, tags={433: (10, [(0, 1), (255, 1)] * 3)})
    yield "indexed", File(rgb, RGB, tags={346: (SHORT, [1])})
    yield "depth", File(rgb, RGB, tags={32997: (LONG, [3])})
    yield "dng", File(rgb, RGB, tags={50706: (1, [1, 4, 0, 0])})
    yield "raw-preview", File(rgb, RGB, tags={254: (LONG, [1]), 330: (13, [8])})
    two = scene(random_, 20, 30, 2, 8)
    yield "no-photometric-2ch", File(two, BLACK_IS_ZERO, without=(262,))
    lossless_jpeg = imagecodecs.jpeg8_encode(gray[..., 0], lossless=True)
    yield "jpeg-lossless", File(gray, BLACK_IS_ZERO, compression=JPEG, streams=[lossless_jpeg])
    deep = imagecodecs.jpeg8_encode(scene(random_, 20, 30, 1, 12)[..., 0], bitspersample=12)
    yield "jpeg-12bit", File(gray, BLACK_IS_ZERO, compression=JPEG, streams=[deep])


def damaged(random_: random.Random) -> Iterator[tuple[str, File]]:
    rgb = scene(random_, 40, 50, 3, 8)
    for compression in LOSSLESS:
        file = File(rgb, RGB, compression=compression)
        data = file.encode(rgb)
        file.streams = [data[: len(data) // 2]]
        yield f"cut-{compression}", file
    bits = (rgb[..., :1] > 99).astype(numpy.uint8)
    for compression in (RLE, G3, G4):
        data = fax(bits[..., 0], compression, 0)
        yield f"cut-{compression}", File(bits, WHITE_IS_ZERO, 1, compression, streams=[data[: len(data) // 2]])
    yield "missing-strip", File(rgb, RGB, rows=10, streams=[bytes(50 * 10 * 3)] * 3)
    yield "missing-plane", File(rgb, RGB, planar=True, streams=[bytes(40 * 50)] * 2)
    yield "no-colour-map", File(rgb[..., :1], PALETTE)
    yield "short-colour-map", File(rgb[..., :1], PALETTE, tags={320: (SHORT, [1000] * 30)})
    yield "few-samples", File(rgb[..., :2], RGB)
    yield "planar-3", File(rgb, RGB, tags={284: (SHORT, [3])})
    yield "fill-order-3", File(rgb, RGB, tags={266: (SHORT, [3])})


def cases(folder: Path, seed: int) -> Iterator[tuple[Path, numpy.ndarray | None, str]]:
    random_ = random.Random(seed)
    count = itertools.count()

    def written(name: str, file: File) -> Path:
        path = folder / f"{next(count):03}-{name}.tif"
        file.write(path)
        return path

    for name, file in itertools.chain(lossless(random_), every_layout(random_), ccitt(random_), sloppy(random_)):
        yield written(name, file), reference(file), "lossless"
    for name, file, pixels in chroma(random_, folder):
        yield written(name, file), pixels, "lossless"
    for name, file, pixels in jpeg(random_):
        yield written(name, file), pixels, "jpeg"
    for name, file in refused(random_):
        yield written(f"refused-{name}", file), None, "unsupported"
    for name, file in damaged(random_):
        yield written(f"damaged-{name}", file), None, "damaged"
