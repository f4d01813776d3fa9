"""Writes tests/tiff_data: some of the conformance test's TIFFs, each with its pixels as PNG.

Needed only to regenerate the files: python make_tiff_data.py, with the packages of tests/conformance/requirements.txt.
"""

import random
import sys
from pathlib import Path

import numpy
import tifffile
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
CASES = ROOT / "tests" / "fixtures" / "cases"
FOLDER = Path(__file__).resolve().parent / "tiff_data"
sys.path.insert(0, str(ROOT / "tests" / "conformance"))

import tiff  # noqa: E402
import tiff_refused  # noqa: E402
import tiff_writer  # noqa: E402
from tiff_writer import (  # noqa: E402
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    G3,
    G4,
    LONG,
    LZW,
    PACKBITS,
    PALETTE,
    RGB,
    RLE,
    WHITE_IS_ZERO,
    YCBCR,
    File,
)

HEIGHT, WIDTH = 19, 23
RANDOM = random.Random(7)


def samples(count: int, bits: int = 8) -> numpy.ndarray:
    return tiff_writer.scene(RANDOM, HEIGHT, WIDTH, count, bits)


def lossless() -> dict[str, File]:
    bilevel = (samples(1) > 90).astype(numpy.uint8)
    tile = (16, 16)
    files = {
        "planar-tiled": File(samples(3), RGB, planar=True, tile=tile),
        "planar-tiled-deflate-predictor": File(samples(3), RGB, 8, DEFLATE, planar=True, tile=tile, predictor=2),
        "planar-tiled-16bit-big-endian": File(samples(3, 16), RGB, 16, LZW, planar=True, tile=tile, order=">"),
        "planar-strips": File(samples(3), RGB, planar=True, rows=5),
        "planar-rgba-extra": File(samples(5), RGB, 8, LZW, planar=True, tile=tile, extra=[0, 2]),
        "tiled-large": File(samples(3), RGB, tile=(64, 64)),
        "tiled-packbits": File(samples(3), RGB, 8, PACKBITS, tile=tile),
        "tiled-4bit": File(samples(1, 4), BLACK_IS_ZERO, 4, LZW, tile=tile),
        "bigtiff-tiled": File(samples(3), RGB, 8, DEFLATE, tile=tile, big=True),
        "bigtiff-big-endian-16bit": File(samples(1, 16), BLACK_IS_ZERO, 16, LZW, predictor=2, big=True, order=">"),
        "fill-order-none": File(samples(3), RGB, fill_order=2),
        "fill-order-none-1bit": File(bilevel, BLACK_IS_ZERO, 1, fill_order=2),
        "fill-order-none-16bit": File(samples(1, 16), BLACK_IS_ZERO, 16, fill_order=2),
        "fill-order-packbits": File(samples(1), BLACK_IS_ZERO, 8, PACKBITS, fill_order=2),
        "fill-order-lzw-predictor": File(samples(3), RGB, 8, LZW, fill_order=2, predictor=2, rows=7),
        "fill-order-deflate": File(samples(3), RGB, 8, DEFLATE, fill_order=2, tile=tile),
        "fill-order-g4": File(bilevel, WHITE_IS_ZERO, 1, G4, fill_order=2),
        "fax-rle": File(bilevel, WHITE_IS_ZERO, 1, RLE),
        "fax-g3": File(bilevel, WHITE_IS_ZERO, 1, G3, rows=8),
        "fax-g3-2d-aligned": File(bilevel, BLACK_IS_ZERO, 1, G3, t4=5),
        "fax-g4-tiled": File(bilevel, WHITE_IS_ZERO, 1, G4, tile=tile),
        "gray-2bit-white-is-zero": File(samples(1, 2), WHITE_IS_ZERO, 2),
        "gray-12bit": File(samples(1, 12), BLACK_IS_ZERO, 12, LZW),
        "gray-white-is-zero-16bit": File(samples(1, 16), WHITE_IS_ZERO, 16, order=">"),
        "gray-alpha-4bit": File(samples(2, 4), BLACK_IS_ZERO, 4, extra=[2]),
        "gray-extra": File(samples(2), BLACK_IS_ZERO, extra=[0]),
        "rgb-4bit": File(samples(3, 4), RGB, 4),
        "rgb-extra-16bit": File(samples(4, 16), RGB, 16, DEFLATE, extra=[0], predictor=2),
        "rgb-undeclared-fourth": File(samples(4), RGB),
        "rgba-associated": File(samples(4), RGB, extra=[1]),
        "rgba-two-extras": File(samples(6), RGB, extra=[2, 0, 0]),
        "palette-1bit": File(bilevel, PALETTE, 1, tags={320: tiff.colour_map(RANDOM, 1, False)}),
        "palette-4bit-8bit-map": File(samples(1, 4), PALETTE, 4, tags={320: tiff.colour_map(RANDOM, 4, True)}),
        "palette-tiled": File(samples(1), PALETTE, 8, LZW, tile=tile, tags={320: tiff.colour_map(RANDOM, 8, False)}),
        "cmyk-16bit": File(samples(4, 16), CMYK, 16, LZW),
        "cmyk-spots": File(samples(6), CMYK, planar=True, extra=[0, 0]),
        "cmyk-alpha": File(samples(5), CMYK, extra=[2]),
        "orientation-6-planar": File(samples(3), RGB, planar=True, orientation=6),
        "zero-counts": File(samples(3), RGB, 8, LZW, tags={279: (LONG, [0])}),
        "no-photometric": File(samples(3), RGB, without=(262,)),
        "tile-offsets-in-strip-tags": tiff.tiles_in_strip_tags(samples(3)),
    }
    return files


def write(name: str, file: File, pixels: numpy.ndarray) -> None:
    file.write(FOLDER / f"{name}.tif")
    if pixels.shape[2] == 1:
        pixels = numpy.repeat(pixels, 3, axis=2)
    if pixels.dtype == numpy.uint16:
        (FOLDER / f"{name}.png").write_bytes(tiff.imagecodecs.png_encode(pixels, level=9))
    else:
        Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)


def reported() -> None:
    """Writes the references of tests/fixtures/cases, read by tifffile."""
    for path in sorted(CASES.glob("*tif*.tif")):
        with tifffile.TiffFile(path) as file:
            page = file.pages[0]
            read, colour_map = page.asarray(), page.colormap
            planar, turn = page.planarconfig == 2, page.tags.get(274)
        pixels = numpy.moveaxis(read, 0, -1) if planar else read.reshape(*read.shape[:2], -1)
        if colour_map is not None:
            pixels = colour_map[:, pixels[..., 0]].transpose(1, 2, 0)
        elif page.photometric == CMYK:
            pixels = tiff.inks(numpy.ascontiguousarray(pixels[..., :4]))
        elif page.photometric == RGB:
            pixels = pixels[..., :3]
        elif page.bitspersample == 1:
            pixels = pixels * 255
        pixels = tiff.upright(pixels.astype(numpy.uint8), turn and turn.value)
        Image.fromarray(pixels.squeeze()).save(FOLDER / f"case-{path.stem}.png", optimize=True)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, file in lossless().items():
        write(name, file, tiff.reference(file))
    seen = set()
    for name, file, pixels in tiff.chroma(random.Random(3), FOLDER):
        kind = name.rsplit("-", 1)[0]
        if kind in ("chroma-22-601-full", "chroma-42-709-video", "chroma-11-601-video"):
            write(kind, file, pixels)
    for _, file, pixels in tiff.jpeg(random.Random(1)):
        kind = (file.photometric, file.subsampling, file.planar)
        if kind not in seen and (file.photometric != YCBCR or file.subsampling != (2, 1)):
            seen.add(kind)
            planes = "planar" if file.planar else "chunky"
            write(f"jpeg-{file.photometric}-{file.subsampling[0]}{file.subsampling[1]}-{planes}", file, pixels)
    for name, file in tiff_refused.refused(random.Random(1)):
        file.stored = file.stored[:4, :4]
        if not name.startswith(("photometric-7", "compression-6500", "palette-16bit")):
            file.write(FOLDER / f"refused-{name}.tif")
    for name, file in tiff_refused.damaged(random.Random(1)):
        if name in ("missing-plane", "no-colour-map", "short-colour-map", "cut-4", "cut-5"):
            file.write(FOLDER / f"damaged-{name}.tif")
    reported()


if __name__ == "__main__":
    main()
