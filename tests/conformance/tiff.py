"""Generates TIFF files: layouts, compressions, bit depths, colour models and unsupported kinds.

The reference is the written array; for JPEG streams, libjpeg-turbo's pixels of each stream; for subsampled chroma,
libtiff's pixels of the file.
"""

from __future__ import annotations

import io
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy
from PIL import Image
from tiff_refused import damaged, refused
from tiff_writer import (
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    G3,
    G4,
    JPEG,
    LONG,
    LOSSLESS,
    LZW,
    NONE,
    OLD_DEFLATE,
    PACKBITS,
    PALETTE,
    RATIONAL,
    RGB,
    RLE,
    SHORT,
    WHITE_IS_ZERO,
    YCBCR,
    File,
    scene,
)


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
    """Returns the pixels of a lossless file: gray as one channel, gray with alpha as RGBA."""
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
