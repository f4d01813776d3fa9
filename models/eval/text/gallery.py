#!/usr/bin/env python3
"""Makes a contact sheet of erased text: `gallery.py IMAGES MASKS FILLED SHEET.jpg [--width PX] [--parts PART ...]`.

Per image a row: the image, the image with the mask in red, the filled image. Parts of images, `NAME@LEFT,TOP,WIDTH,HEIGHT`
in pixels, replace the whole images.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

GAP = 8


def scaled(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def row(image: Path, mask: Path, filled: Path, box: tuple[int, ...] | None, width: int) -> Image.Image:
    before = Image.open(image).convert("RGB")
    marked = before.copy()
    marked.paste((255, 0, 0), (0, 0), Image.open(mask).convert("L").point([value * 7 // 10 for value in range(256)]))
    pictures = (before, marked, Image.open(filled).convert("RGB"))
    parts = [scaled(picture.crop(box) if box else picture, width) for picture in pictures]
    joined = Image.new("RGB", (3 * width + 2 * GAP, parts[0].height), "white")
    for number, part in enumerate(parts):
        joined.paste(part, (number * (width + GAP), 0))
    return joined


def named_box(text: str) -> tuple[str, tuple[int, ...]]:
    """Returns the name and the corners, as Pillow orders them, of a part of an image."""
    name, _, numbers = text.partition("@")
    left, top, width, height = (int(number) for number in numbers.split(","))
    return name, (left, top, left + width, top + height)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("images", "masks", "filled", "sheet"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--width", type=int, default=640, help="of each picture, in pixels")
    parser.add_argument("--quality", type=int, default=88, help="of the JPEG file")
    parser.add_argument("--parts", nargs="+", type=named_box, metavar="NAME@LEFT,TOP,WIDTH,HEIGHT")
    args = parser.parse_args()
    filled = [path.stem for path in sorted(args.filled.glob("*.png")) if (args.masks / path.name).is_file()]
    folders = (args.images, args.masks, args.filled)
    rows = [
        row(*(folder / f"{name}.png" for folder in folders), box, args.width)
        for name, box in args.parts or [(name, None) for name in filled]
    ]
    sheet = Image.new("RGB", (rows[0].width, sum(part.height + GAP for part in rows)), "white")
    top = 0
    for part in rows:
        sheet.paste(part, (0, top))
        top += part.height + GAP
    sheet.save(args.sheet, quality=args.quality)


if __name__ == "__main__":
    main()
