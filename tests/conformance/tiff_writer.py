"""Writes TIFF files tag by tag, in any layout.

Compression uses libraries: libtiff through Pillow for CCITT, imagecodecs for LZW and PackBits.
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
LOSSLESS = [NONE, PACKBITS, LZW, DEFLATE, OLD_DEFLATE]
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
