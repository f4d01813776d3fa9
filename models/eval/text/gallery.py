#!/usr/bin/env python3
"""Makes a contact sheet of erased text: `gallery.py IMAGES MASKS FILLED SHEET.jpg [--width PX] [--only PATTERN ...]`.

Per image a row: the image, the image with the mask in red, the filled image.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatch
from pathlib import Path

from PIL import Image

GAP = 8


def scaled(image: Image.Image, width: int) -> Image.Image:
    return image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)


def row(image: Path, mask: Path, filled: Path, width: int) -> Image.Image:
    before = Image.open(image).convert("RGB")
    marked = before.copy()
    marked.paste((255, 0, 0), (0, 0), Image.open(mask).convert("L").point([value * 7 // 10 for value in range(256)]))
    parts = [scaled(part, width) for part in (before, marked, Image.open(filled).convert("RGB"))]
    joined = Image.new("RGB", (3 * width + 2 * GAP, parts[0].height), "white")
    for number, part in enumerate(parts):
        joined.paste(part, (number * (width + GAP), 0))
    return joined


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("images", "masks", "filled", "sheet"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--width", type=int, default=640, help="of each picture, in pixels")
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of the images' names")
    args = parser.parse_args()
    filled = [path for path in sorted(args.filled.glob("*.png")) if (args.masks / path.name).is_file()]
    names = [path.name for path in filled if any(fnmatch(path.stem, pattern) for pattern in args.only)]
    rows = [row(args.images / name, args.masks / name, args.filled / name, args.width) for name in names]
    sheet = Image.new("RGB", (rows[0].width, sum(part.height + GAP for part in rows)), "white")
    top = 0
    for part in rows:
        sheet.paste(part, (0, top))
        top += part.height + GAP
    sheet.save(args.sheet, quality=88)


if __name__ == "__main__":
    main()
