#!/usr/bin/env python3
"""Writes the JPEG files of tests/data/jpeg and the references of tests/fixtures/cases.

Needs cjpeg, djpeg and jpegtran of libjpeg-turbo, and the packages of tests/conformance/requirements.txt. A file's
reference is the PNG of the same name. Files without a reference must be rejected; the reason is in the name.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

import jpeg  # noqa: E402

DATA = Path(__file__).resolve().parent / "data" / "jpeg"
CASES = ROOT / "tests" / "fixtures" / "cases"
# Orientation 6 in forms that not all readers support.
ON_THEIR_SIDE = ["exif-directory-cut", "orientation-long-be", "two-exif"]
SIZE = (41, 30)


def save(path: Path, pixels: numpy.ndarray) -> None:
    Image.fromarray(numpy.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels).save(path, optimize=True)


class Folder:
    """Writes files with their references."""

    def __init__(self) -> None:
        self.generator = numpy.random.default_rng(1)
        shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir()

    def scene(self, size: tuple[int, int] = SIZE) -> numpy.ndarray:
        return jpeg.scene(*size, self.generator)

    def compressed(self, *flags: str, script: str | None = None, size: tuple[int, int] = SIZE) -> bytes:
        data = jpeg.cjpeg(self.scene(size), "-quality", "80", *flags, script=script, folder=DATA)
        (DATA / "script").unlink(missing_ok=True)
        return data

    def same(self, name: str, data: bytes, reference: numpy.ndarray | None = None) -> None:
        (DATA / f"{name}.jpg").write_bytes(data)
        save(DATA / f"{name}.png", jpeg.pixels(data) if reference is None else reference)

    def refused(self, name: str, data: bytes) -> None:
        (DATA / f"{name}.jpg").write_bytes(data)


def layouts(folder: Folder) -> None:
    for name, script in jpeg.SCANS.items():
        for sampling in ["1x1", "2x2"]:
            folder.same(f"{name}-{sampling}", folder.compressed("-sample", sampling, script=script))
    for name, script in jpeg.PROGRESSIVE.items():
        data = folder.compressed("-sample", "2x2", "-progressive", script=script)
        folder.same(f"progressive-{name}-2x2", data)
    unusual = ["3x1", "4x1", "1x4", "1x1,2x2,2x2", "1x1,1x1,2x2", "2x2,1x2,2x1", "2x1,1x2,1x1", "4x2"]
    for sampling in unusual:
        name = sampling.replace(",", "-")
        folder.same(f"sampling-{name}", folder.compressed("-sample", sampling))
    folder.same("separate-4x1", folder.compressed("-sample", "4x1", script=jpeg.SCANS["separate"]))
    for restart, flags in jpeg.RESTARTS.items():
        if flags:
            folder.same(f"restart-{restart}", folder.compressed("-sample", "2x2", *flags))
            script = jpeg.SCANS["y-then-cbcr"]
            folder.same(f"restart-{restart}-scans", folder.compressed("-sample", "2x2", *flags, script=script))
    folder.same("one-pixel-wide", folder.compressed("-sample", "2x2", size=(1, 21)))
    folder.same("three-pixels-wide", folder.compressed("-sample", "2x1", size=(3, 21)))
    data = folder.compressed("-sample", "2x2", size=(64, 64))
    command = ["jpegtran", "-crop", "42x38+0+0"]
    folder.same("cropped-2x2", subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout)


def colours(folder: Folder) -> None:
    rgb, ycc = folder.compressed("-rgb"), folder.compressed("-sample", "2x2")
    folder.same("rgb-adobe-0", jpeg.relabelled(rgb, b"\1\2\3", False, 0))
    folder.same("rgb-ids", jpeg.relabelled(rgb, b"RGB", False, None))
    folder.same("ycc-adobe-2", jpeg.relabelled(ycc, b"\1\2\3", False, 2))
    folder.same("ycc-jfif-adobe-0", jpeg.relabelled(ycc, b"\1\2\3", True, 0))
    folder.same("ycc-jfif-rgb-ids", jpeg.relabelled(ycc, b"RGB", True, None))
    folder.same("ycc-other-ids", jpeg.relabelled(ycc, b"\0\1\2", False, None))
    for adobe in [None, 0, 2]:
        inks = numpy.dstack([folder.scene(), folder.scene()[:, :, :1]])
        stream = io.BytesIO()
        Image.fromarray(inks, "CMYK").save(stream, "JPEG", quality=85)
        folder.same(f"inks-adobe-{adobe}", jpeg.relabelled(stream.getvalue(), b"CMYK", False, adobe))


def sloppy(folder: Folder) -> None:
    data = folder.compressed("-sample", "2x2")
    found, right = jpeg.segments(data), jpeg.pixels(data)
    folder.same("zeros-between-segments", jpeg.joined(found, b"\0\0\0"), right)
    folder.same("fill-between-segments", jpeg.joined(found, b"\xff\xff"), right)
    folder.same("two-starts", jpeg.joined(found, start=jpeg.SOI + jpeg.EOI + jpeg.SOI), right)
    folder.same("no-end", data[:-2], right)
    folder.same("no-end-trailer", data[:-2] + b"...SEFT" + jpeg.EOI, right)
    folder.same("second-picture", data + data, right)
    folder.same("mjpeg-no-tables", jpeg.joined(jpeg.without(found, 0xC4)), right)
    first = next(at for at, (marker, _) in enumerate(found) if marker == 0xC4)
    folder.same("mjpeg-one-table-missing", jpeg.joined(found[:first] + found[first + 1 :]), right)
    folder.refused("damaged-cut-with-end", data[: len(data) * 3 // 4] + b"SEFT" + jpeg.EOI)
    scans = folder.compressed("-sample", "2x2", script=jpeg.SCANS["separate"])
    folder.refused("damaged-last-scan-missing", scans[: scans.rindex(b"\xff\xda")] + jpeg.EOI)
    progressive = folder.compressed("-progressive")
    folder.refused("damaged-progressive-cut", progressive[: len(progressive) - 60] + jpeg.EOI)
    folder.refused("unsupported-arithmetic-progressive", folder.compressed("-arithmetic", "-progressive"))
    folder.refused("unsupported-many-scans", many_scans(folder))
    folder.refused("unsupported-height-by-dnl", data.replace(b"\xff\xc0\0\x11\x08\0\x1e", b"\xff\xc0\0\x11\x08\0\0"))


def many_scans(folder: Folder) -> bytes:
    """Returns a valid file of 128 scans: each coefficient separately, first without its last bit, then that bit."""
    picture = folder.scene((8, 8))[:, :, 0].copy()
    bands = range(1, 64)
    coarse = "0: 0-0, 0, 1;\n" + "".join(f"0: {at}-{at}, 0, 1;\n" for at in bands)
    fine = "0: 0-0, 0, 1;\n0: 1-63, 0, 1;\n0: 0-0, 1, 0;\n" + "".join(f"0: {at}-{at}, 1, 0;\n" for at in bands)
    first, second = (jpeg.cjpeg(picture, "-grayscale", script=script, folder=DATA) for script in (coarse, fine))
    (DATA / "script").unlink()
    # The scans after the first two, with their tables.
    refinements = second[second.index(b"\xff\xda", second.index(b"\xff\xda", second.index(b"\xff\xda") + 2) + 2) :]
    return first[:-2] + refinements


def cases() -> None:
    expected = CASES / "expected"
    expected.mkdir(exist_ok=True)
    for path in sorted(CASES.glob("*.jpg")):
        data = path.read_bytes()
        if path.stem in ("arithmetic", "lossless-sof3", "twelve-bit", "page-files-phone6"):
            continue
        if path.stem == "swf-ffd9ffd8":
            # djpeg stops at the first end marker.
            data = data[:2] + data[6:]
        pixels = jpeg.pixels(data)
        save(expected / f"{path.stem}.png", numpy.rot90(pixels, 3) if path.stem in ON_THEIR_SIDE else pixels)


if __name__ == "__main__":
    folder = Folder()
    layouts(folder)
    colours(folder)
    sloppy(folder)
    cases()
