#!/usr/bin/env python3
"""Compares the coefficients of edited JPEGs with those of their originals, read by libjpeg.

The example `edit_jpeg` fills a rectangle in each of the generated files (colour spaces x sampling x progressive x restart
intervals x Huffman tables x sizes), in this project's test files and in the photographs of the command line. Every block
without a pixel of the rectangle must have equal coefficients, and quantization tables and sampling factors must be equal.
Files with an orientation are left out, since the rectangle is upright. The exit code is 1 if a file failed.
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jpeglib
import numpy
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TEST_FILES = ["server/imaging/tests/data", "server/imaging/tests/data/jpeg", "tests/fixtures/cases"]

SIZES = [(64, 48), (97, 75), (33, 17), (130, 23), (257, 66)]
RESTARTS = {
    "none": {},
    "1": {"restart_marker_blocks": 1},
    "3": {"restart_marker_blocks": 3},
    "row": {"restart_marker_rows": 1},
}
QUALITIES = [30, 75, 92, 100]
ORIENTATION = 0x0112
# Largest growth or shrinkage of photographs, with a hole of 1.5 percent of their pixels.
SIZE_BOUND = 0.02
HOLE = 0.015

Area = tuple[int, int, int, int]


def scene(size: tuple[int, int], generator: numpy.random.Generator) -> Image.Image:
    """Returns a picture with gradients and grain."""
    y, x = numpy.mgrid[0 : size[1], 0 : size[0]].astype(float)
    waves = [numpy.sin(x / 9 + shift) + numpy.cos(y / (13 + shift)) for shift in (0, 2, 4)]
    picture = 128 + 55 * numpy.stack(waves, axis=2) + generator.normal(0, 6, (*size[::-1], 3))
    return Image.fromarray(picture.clip(0, 255).astype(numpy.uint8))


def generated(folder: Path, seed: int) -> Iterator[Path]:
    """Writes files in all layouts that Pillow writes."""
    generator, chooser = numpy.random.default_rng(seed), random.Random(seed)
    layouts = itertools.product(["RGB", "YCbCr", "L", "CMYK"], [0, 1, 2], [False, True], RESTARTS, [False, True], SIZES)
    for number, (mode, sampling, progressive, restart, optimize, size) in enumerate(layouts):
        if mode in ("RGB", "L") and sampling > 0:
            continue
        picture = scene(size, generator)
        options = {"quality": chooser.choice(QUALITIES), "progressive": progressive, "optimize": optimize}
        if mode in ("L", "CMYK"):
            picture = picture.convert(mode)
        if mode == "RGB":
            options["keep_rgb"] = True
        elif mode != "L":
            options["subsampling"] = sampling
        path = folder / f"{number:04}-{mode}-{sampling}-{'progressive' if progressive else 'baseline'}-{restart}.jpg"
        picture.save(path, "JPEG", **options, **RESTARTS[restart])
        yield path


def rectangle(path: Path, photo: bool, chooser: random.Random) -> Area | None:
    """Returns an area of the picture; None for files with an orientation and for those that Pillow can't read."""
    try:
        with Image.open(path) as image:
            (width, height), orientation = image.size, image.getexif().get(ORIENTATION, 1)
    except (OSError, SyntaxError):
        return None
    if orientation != 1:
        return None
    if photo:
        side = max(1, int((width * height * HOLE) ** 0.5))
        return chooser.randrange(max(1, width - side)), chooser.randrange(max(1, height - side)), side, side
    side = chooser.randrange(1, 12)
    return chooser.randrange(width), chooser.randrange(height), side, side


def differences(path: Path, area: Area) -> tuple[list[str], int]:
    """Returns the differences of the edited file that aren't allowed, and the number of compared blocks."""
    before, after = jpeglib.read_dct(str(path)), jpeglib.read_dct(f"{path}.edited")
    found, compared = [], 0
    if not numpy.array_equal(before.qt, after.qt):
        found.append("quantization tables")
    if not numpy.array_equal(before.samp_factor, after.samp_factor):
        found.append("sampling factors")
    if before.progressive_mode != after.progressive_mode:
        found.append("progressive or baseline")
    factors = [tuple(int(factor) for factor in pair) for pair in before.samp_factor]
    down, across = (max(pair[axis] for pair in factors) for axis in (0, 1))
    for index, name in enumerate(("Y", "Cb", "Cr", "K")):
        old, new = getattr(before, name), getattr(after, name)
        if old is None:
            continue
        vertical, horizontal = factors[index] if len(factors) > 1 else (down, across)
        height, width = 8 * down // vertical, 8 * across // horizontal
        rows, columns = old.shape[:2]
        hole = numpy.zeros((rows * height, columns * width), bool)
        hole[area[1] : area[1] + area[3], area[0] : area[0] + area[2]] = True
        touched = hole.reshape(rows, height, columns, width).any(axis=(1, 3))
        changed = (old != new).any(axis=(2, 3)) & ~touched
        compared += int((~touched).sum())
        if changed.any():
            found.append(f"{int(changed.sum())} blocks of {name}")
    return found, compared


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--editor", type=Path, required=True, help="the built example edit_jpeg of iopaint-imaging")
    parser.add_argument("--folder", type=Path, required=True, help="folder for the files; replaced")
    parser.add_argument("--seed", type=int, default=1, help="seed of pictures and rectangles; default 1")
    parser.add_argument("photos", type=Path, nargs="*", help="photographs, whose size is compared too")
    options = parser.parse_args()
    folder = options.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chooser = random.Random(options.seed)
    files = [(path, False) for path in generated(folder, options.seed)]
    for number, (source, photo) in enumerate(
        [(path, False) for below in TEST_FILES for path in sorted((ROOT / below).glob("*.jpg"))]
        + [(path, True) for path in options.photos]
    ):
        copy = folder / f"copy-{number:03}-{source.name}"
        shutil.copyfile(source, copy)
        files.append((copy, photo))
    areas = [(path, photo, rectangle(path, photo, chooser)) for path, photo in files]
    areas = [(path, photo, area) for path, photo, area in areas if area is not None]
    lines = "".join(f"{' '.join(map(str, area))} {path}\n" for path, _, area in areas)
    answers = subprocess.run([options.editor], input=lines, stdout=subprocess.PIPE, text=True, check=True).stdout
    counts, blocks, ratios = Counter(), 0, []
    for (path, photo, area), answer in zip(areas, answers.splitlines(), strict=True):
        kind = answer.split()[0]
        counts[kind] += 1
        if kind != "kept":
            continue
        try:
            found, compared = differences(path, area)
        except OSError:
            counts["unreadable by libjpeg"] += 1
            continue
        blocks += compared
        if photo:
            ratios.append(path.with_name(f"{path.name}.edited").stat().st_size / path.stat().st_size)
            if abs(ratios[-1] - 1) > SIZE_BOUND:
                counts["photographs beyond the bound of size"] += 1
        counts["failed"] += bool(found)
        for difference in found:
            print(f"FAILED {path.name}: {difference}")
    for name, count in sorted(counts.items()):
        print(f"{name}: {count}")
    print(f"{blocks} untouched blocks compared")
    if ratios:
        print(f"sizes of {len(ratios)} photographs: {min(ratios):.4f} to {max(ratios):.4f} of the original")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
