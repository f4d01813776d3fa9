"""JPEG files in all layouts of libjpeg-turbo's cjpeg, and with the irregularities of other programs.

References are djpeg's pixels (Pillow's for inks), with djpeg's defaults: the accurate integer DCT and smooth upsampling.
"""

from __future__ import annotations

import io
import itertools
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy
from PIL import Image

Case = tuple[Path, numpy.ndarray | None, str]

SOI, EOI = b"\xff\xd8", b"\xff\xd9"

SIZES = [(64, 48), (97, 75), (33, 17), (1, 40), (40, 1), (3, 5), (130, 23)]
SAMPLING = ["1x1", "2x1", "1x2", "2x2", "4x1", "4x2", "1x4", "3x1", "1x3", "2x4", "3x2"]
UNUSUAL_SAMPLING = [
    "1x1,2x2,2x2",
    "1x1,1x1,2x2",
    "2x2,1x2,2x1",
    "2x1,1x2,1x1",
    "2x2,2x1,1x1",
    "2x2,2x2,1x1",
    "2x2,2x2,2x2",
    "1x2,2x1,1x1",
    "4x1,2x1,1x1",
    "1x1,2x1,1x2",
    "4x2,2x2,1x1",
    "2x1,2x1,2x1",
    "1x1,4x1,1x1",
]
SCANS = {
    "interleaved": None,
    "separate": "0;\n1;\n2;\n",
    "y-then-cbcr": "0;\n1 2;\n",
    "ycb-then-cr": "0 1;\n2;\n",
    "cr-first": "2;\n1;\n0;\n",
    "y-cr-then-cb": "0 2;\n1;\n",
}
PROGRESSIVE = {
    "default": None,
    "bands": "0,1,2: 0-0, 0, 0;\n0: 1-9, 0, 0;\n2: 1-63, 0, 0;\n1: 1-63, 0, 0;\n0: 10-63, 0, 0;\n",
    "separate-dc": "0: 0-0, 0, 0;\n2: 0-0, 0, 0;\n1: 0-0, 0, 0;\n0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n",
    "refined": "0,1,2: 0-0, 0, 2;\n0: 1-63, 0, 2;\n1: 1-63, 0, 1;\n2: 1-63, 0, 1;\n0,1,2: 0-0, 2, 1;\n0: 1-63, 2, 1;\n"
    "0,1,2: 0-0, 1, 0;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n",
    "chroma-first": "1,2: 0-0, 0, 0;\n1: 1-63, 0, 0;\n0: 0-0, 0, 1;\n2: 1-63, 0, 0;\n0: 1-20, 0, 1;\n0: 21-63, 0, 0;\n"
    "0: 0-0, 1, 0;\n0: 1-20, 1, 0;\n",
}
RESTARTS = {"none": [], "1": ["-restart", "1B"], "2": ["-restart", "2B"], "row": ["-restart", "1"]}


def scene(width: int, height: int, generator: numpy.random.Generator) -> numpy.ndarray:
    """Returns a colourful picture with gradients, edges and grain."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    phase = generator.uniform(0, 6.3, 3)
    waves = [numpy.sin(x / period + phase[at]) + numpy.cos(y / (period + 4)) for at, period in enumerate((9, 14, 23))]
    picture = 128 + 55 * numpy.stack(waves, axis=2)
    for _ in range(4):
        left, top = generator.integers(0, width), generator.integers(0, height)
        picture[top : top + height // 3 + 1, left : left + width // 4 + 1] = generator.integers(0, 256, 3)
    picture += generator.normal(0, 6, picture.shape)
    return picture.clip(0, 255).astype(numpy.uint8)


def cjpeg(picture: numpy.ndarray, *flags: str, script: str | None = None, folder: Path) -> bytes:
    """Compresses with libjpeg-turbo's cjpeg."""
    command = ["cjpeg", *flags]
    if script is not None:
        (folder / "script").write_text(script)
        command += ["-scans", str(folder / "script")]
    height, width = picture.shape[:2]
    ppm = f"{'P5' if picture.ndim == 2 else 'P6'} {width} {height} 255\n".encode() + picture.tobytes()
    return subprocess.run(command, input=ppm, capture_output=True, check=True).stdout


def pixels(data: bytes) -> numpy.ndarray:
    """Decompresses with libjpeg-turbo's djpeg; inks with Pillow."""
    image = Image.open(io.BytesIO(data))
    if image.mode == "CMYK":
        return numpy.asarray(image.convert("RGB"))
    answer = subprocess.run(["djpeg", "-pnm"], input=data, capture_output=True)
    if answer.returncode not in (0, 2):  # 2: warnings
        raise RuntimeError(answer.stderr.decode())
    ppm = answer.stdout
    kind, size, _, samples = ppm.split(b"\n", 3)
    width, height = map(int, size.split())
    return numpy.frombuffer(samples, numpy.uint8).reshape(height, width, 1 if kind == b"P5" else 3)


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Splits a plain file: (marker, payload), of SOS with everything behind it."""
    found, at = [], 2
    while True:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker == 0xDA:
            return [*found, (marker, data[at + 4 :])]
        found.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length


def joined(found: list[tuple[int, bytes]], between: bytes = b"", start: bytes = SOI) -> bytes:
    """Puts segments together again; the inverse of `segments`."""
    parts = []
    for marker, payload in found:
        length = 6 + 2 * payload[0] if marker == 0xDA else len(payload) + 2
        parts.append(b"\xff" + bytes([marker]) + struct.pack(">H", length) + payload)
    return start + between.join(parts)


def without(found: list[tuple[int, bytes]], *markers: int) -> list[tuple[int, bytes]]:
    return [(marker, payload) for marker, payload in found if marker not in markers]


def relabelled(data: bytes, ids: bytes, jfif: bool, adobe: int | None) -> bytes:
    """Sets component ids and the markers that say the colour space."""
    changed = []
    for marker, payload in without(segments(data), 0xE0, 0xEE):
        edited = bytearray(payload)
        if marker in (0xC0, 0xC1, 0xC2):
            edited[6::3] = ids
        if marker == 0xDA:
            edited[1 : 1 + 2 * len(ids) : 2] = ids
        changed.append((marker, bytes(edited)))
    if adobe is not None:
        changed.insert(0, (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([adobe])))
    if jfif:
        changed.insert(0, (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"))
    return joined(changed)


class Writer:
    """Numbers the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def path(self, name: str, data: bytes) -> Path:
        self.count += 1
        path = self.folder / f"{self.count:04}-{name}.jpg"
        path.write_bytes(data)
        return path

    def same(self, name: str, data: bytes, reference: numpy.ndarray | None = None) -> Case:
        """A file that decodes to libjpeg's pixels, or to those of `reference`."""
        return self.path(name, data), pixels(data) if reference is None else reference, "jpeg"

    def refused(self, name: str, data: bytes, bound: str) -> Case:
        return self.path(name, data), None, bound


def layouts(writer: Writer, seed: int) -> Iterator[Case]:
    """Sampling x scans x restart intervals x sizes, baseline and progressive."""
    chooser = random.Random(seed)
    generator = numpy.random.default_rng(seed)
    kinds = [("baseline", name, script, []) for name, script in SCANS.items()]
    kinds += [("progressive", name, script, ["-progressive"]) for name, script in PROGRESSIVE.items()]
    for sampling, (process, name, script, flags) in itertools.product(SAMPLING + UNUSUAL_SAMPLING, kinds):
        # Every combination of sampling and scans with two sizes, each with a restart interval.
        for size in [SIZES[0], chooser.choice(SIZES[1:])]:
            restart = chooser.choice(list(RESTARTS))
            quality = chooser.choice(["30", "75", "92", "100"])
            optimize = chooser.choice([[], ["-optimize"]])
            flags_of_file = ["-sample", sampling, "-quality", quality, *RESTARTS[restart], *optimize, *flags]
            picture = scene(*size, generator)
            try:
                data = cjpeg(picture, *flags_of_file, script=script, folder=writer.folder)
            except subprocess.CalledProcessError:
                # More than 10 blocks in an MCU of an interleaved scan (T.81, B.2.3).
                continue
            label = f"{process}-{name}-{sampling.replace(',', '_')}-{size[0]}x{size[1]}-restart-{restart}"
            yield writer.same(label, data)


def usual(writer: Writer, seed: int) -> Iterator[Case]:
    """The layouts of cameras and editors in many sizes."""
    generator = numpy.random.default_rng(seed + 1)
    sizes = [(1, 1), (2, 2), (4, 3), (8, 8), (9, 9), (16, 16), (17, 31), (32, 2), (5, 64), (1, 97), (120, 1), (257, 66)]
    for size, sampling in itertools.product(sizes, ["1x1", "2x1", "1x2", "2x2"]):
        for restart, progressive in [("none", []), ("1", []), ("row", []), ("none", ["-progressive"])]:
            picture = scene(*size, generator)
            flags = ["-sample", sampling, "-quality", "85", *RESTARTS[restart], *progressive]
            name = f"usual-{sampling}-{size[0]}x{size[1]}-{restart}{'-progressive' if progressive else ''}"
            yield writer.same(name, cjpeg(picture, *flags, folder=writer.folder))


def cropped(writer: Writer, seed: int) -> Iterator[Case]:
    """Losslessly cropped files: their blocks hold other pixels behind the picture's edges."""
    generator = numpy.random.default_rng(seed + 6)
    for sampling, progressive in itertools.product(["1x1", "2x1", "1x2", "2x2", "4x1", "4x2"], [[], ["-progressive"]]):
        data = cjpeg(scene(120, 104, generator), "-sample", sampling, folder=writer.folder)
        for size in ["90x70", "91x71", "81x64", "96x75", "66x81", "4x50", "3x50", "5x18", "50x2", "1x1", "112x96"]:
            command = ["jpegtran", "-crop", f"{size}+0+0", *progressive]
            smaller = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
            yield writer.same(f"cropped-{sampling}-{size}{''.join(progressive)}", smaller)


def colours(writer: Writer, seed: int) -> Iterator[Case]:
    """Colour spaces: JFIF and Adobe markers, component ids, gray, inks."""
    generator = numpy.random.default_rng(seed + 2)
    ids = {"123": b"\1\2\3", "012": b"\0\1\2", "RGB": b"RGB", "rgb": b"rgb", "other": b"\x10\x22\x23"}
    for kind, sampling, (name, labels), jfif, adobe in itertools.product(
        ["rgb", "ycc"], ["1x1", "2x2"], ids.items(), [False, True], [None, 0, 1, 2]
    ):
        flags = ["-rgb"] if kind == "rgb" else ["-sample", sampling]
        if kind == "rgb" and sampling != "1x1":
            continue
        data = cjpeg(scene(45, 37, generator), *flags, folder=writer.folder)
        label = (
            f"colour-{kind}-{sampling}-ids-{name}{'-jfif' if jfif else ''}{'' if adobe is None else f'-adobe{adobe}'}"
        )
        yield writer.same(label, relabelled(data, labels, jfif, adobe))
    for size, restart, flags in itertools.product(SIZES, ["none", "1"], [[], ["-progressive"], ["-sample", "2x2"]]):
        picture = scene(*size, generator)[:, :, 0].copy()
        data = cjpeg(picture, "-grayscale", *flags, *RESTARTS[restart], folder=writer.folder)
        yield writer.same(f"gray-{size[0]}x{size[1]}-restart-{restart}", data)
    for size, adobe, progressive in itertools.product([(45, 37), (1, 9), (64, 48)], [None, 0, 1, 2], [False, True]):
        inks = numpy.dstack([scene(*size, generator), scene(*size, generator)[:, :, :1]])
        stream = io.BytesIO()
        Image.fromarray(inks, "CMYK").save(stream, "JPEG", quality=90, progressive=progressive)
        data = relabelled(stream.getvalue(), b"CMYK", False, adobe)
        yield writer.same(f"inks-{size[0]}x{size[1]}-adobe-{adobe}-{progressive}", data)


def sloppy(writer: Writer, seed: int) -> Iterator[Case]:
    """Irregular files that libjpeg reads."""
    generator = numpy.random.default_rng(seed + 3)
    for sampling, script in [("1x1", None), ("2x2", None), ("2x1", "0;\n1;\n2;\n")]:
        picture = scene(90, 61, generator)
        data = cjpeg(picture, "-sample", sampling, script=script, folder=writer.folder)
        found, right = segments(data), pixels(data)
        for name, between in {
            "zeros": b"\0\0\0",
            "newlines": b"\r\n\r\n",
            "fill": b"\xff\xff\xff",
            "stuffed": b"\xff\0",
            "text": b"00e1, then 14 and more",
            "pair": b"\0\xe1\0\x14" + b"x" * 18,
            "restart": b"\xff\xd3",
        }.items():
            yield writer.same(f"sloppy-{name}-between", joined(found, between), right)
        yield writer.same("sloppy-swf", joined(found, start=SOI + EOI + SOI), right)
        yield writer.same("sloppy-two-starts", joined(found, start=SOI + SOI), right)
        body = data[:-2]
        for name, trailer in {
            "no-end": b"",
            "half-end": b"\xff",
            "zeros": b"\0" * 40,
            "text": b"no marker, but a trailer: SEFT",
            "jpeg": data,
            "marker": b"\xff\xe5\0\x10abcdefghijklmn",
            "end-later": b"SEFH" + EOI,
            "scan": b"\xff\xda\0\3\1\2",
        }.items():
            yield writer.same(f"sloppy-trailer-{name}", body + trailer, right)
            yield writer.same(f"sloppy-behind-{name}", data + trailer, right)
    for size, sampling in itertools.product([(64, 48), (33, 17)], ["1x1", "2x1", "2x2"]):
        picture = scene(*size, generator)
        data = cjpeg(picture, "-sample", sampling, folder=writer.folder)
        found, right = segments(data), pixels(data)
        tables = [at for at, (marker, _) in enumerate(found) if marker == 0xC4]
        yield writer.same("mjpeg-no-tables", joined(without(found, 0xC4)), right)
        for dropped in tables:
            rest = [part for at, part in enumerate(found) if at != dropped]
            yield writer.same("mjpeg-one-table-missing", joined(rest), right)
        avi = [(0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0"), *without(found, 0xC4, 0xE0)]
        yield writer.same("mjpeg-avi1", joined(avi), right)


def damaged(writer: Writer, seed: int) -> Iterator[Case]:
    """Truncated files and files without some parts."""
    generator = numpy.random.default_rng(seed + 4)
    for sampling, flags, script in [
        ("1x1", [], None),
        ("2x2", [], None),
        ("2x2", ["-restart", "1"], None),
        ("2x2", [], "0;\n1;\n2;\n"),
        ("2x2", ["-progressive"], None),
        ("4x1", [], None),
    ]:
        data = cjpeg(scene(90, 61, generator), "-sample", sampling, *flags, script=script, folder=writer.folder)
        start = len(data) - len(segments(data)[-1][1]) + 12
        for share in (0.02, 0.3, 0.6, 0.9):
            cut = data[: start + int((len(data) - start) * share)].rstrip(b"\xff")
            for name, trailer in {
                "": b"",
                "-end": EOI,
                "-trailer": b"SEFT" + EOI,
                "-zeros": b"\0\0\0\0" + EOI + b"\0\0",
            }.items():
                yield writer.refused(f"cut-{sampling}-{share}{name}", cut + trailer, "damaged")
        yield writer.refused("cut-header", data[: start - 30], "damaged")
    data = cjpeg(scene(90, 61, generator), "-restart", "2B", folder=writer.folder)
    scan = segments(data)[-1][1]
    third = scan.index(b"\xff\xd2")
    lost = data.replace(scan, scan[:third] + scan[third + 2 :])
    yield writer.refused("restart-marker-lost", lost, "damaged")
    data = cjpeg(scene(40, 30, generator), "-progressive", folder=writer.folder)
    first = data.index(b"\xff\xda")
    yield writer.refused("progressive-first-scan-only", data[: data.index(b"\xff\xc4", first)] + EOI, "damaged")


def unsupported(writer: Writer, seed: int) -> Iterator[Case]:
    """Unsupported kinds, rejected by name."""
    generator = numpy.random.default_rng(seed + 5)
    picture = scene(40, 30, generator)
    plain = cjpeg(picture, folder=writer.folder)
    yield writer.refused("arithmetic", cjpeg(picture, "-arithmetic", folder=writer.folder), "unsupported")
    both = cjpeg(picture, "-arithmetic", "-progressive", folder=writer.folder)
    yield writer.refused("arithmetic-progressive", both, "unsupported")
    for marker in [0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCB, 0xCD, 0xCE, 0xCF]:
        yield writer.refused(f"sof-{marker:x}", plain.replace(b"\xff\xc0", bytes([0xFF, marker]), 1), "unsupported")
    yield writer.refused("twelve-bits", plain.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"), "unsupported")
    no_height = plain.replace(b"\xff\xc0\0\x11\x08\0\x1e", b"\xff\xc0\0\x11\x08\0\0")
    yield writer.refused("height-by-dnl", no_height, "unsupported")


def cases(folder: Path, seed: int) -> Iterator[Case]:
    writer = Writer(folder)
    for group in (layouts, usual, cropped, colours, sloppy, damaged, unsupported):
        yield from group(writer, seed)
