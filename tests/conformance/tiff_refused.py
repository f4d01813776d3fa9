"""Generates TIFF files that must be rejected: unsupported kinds and damage."""

from __future__ import annotations

import random
from collections.abc import Iterator

import imagecodecs
import numpy
from tiff_writer import (
    BLACK_IS_ZERO,
    CMYK,
    G3,
    G4,
    JPEG,
    LONG,
    LOSSLESS,
    LZW,
    PALETTE,
    RGB,
    RLE,
    SHORT,
    WHITE_IS_ZERO,
    YCBCR,
    File,
    fax,
    scene,
)


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
    yield "ycbcr-planar-jpeg", File(rgb, YCBCR, 8, JPEG, planar=True, subsampling=(2, 2), streams=[b"x"] * 3)
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
