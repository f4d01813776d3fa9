"""Photographs of any size with a hole, as base64 files."""

from __future__ import annotations

import base64
import functools
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PHOTOS = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "photos"


@functools.cache
def photo(width: int, height: int) -> Image.Image:
    """Returns the test photographs tiled to a size, with grain, so that it compresses like a photograph."""
    sources = [Image.open(path).convert("RGB") for path in sorted(PHOTOS.glob("*.png")) if ".mask." not in path.name]
    picture = Image.new("RGB", (width, height))
    top, i = 0, 0
    while top < height:
        left, row = 0, 0
        while left < width:
            source = sources[i % len(sources)]
            picture.paste(source, (left, top))
            left, row, i = left + source.width, max(row, source.height), i + 1
        top += row
    pixels = np.asarray(picture, dtype=np.int16)
    grain = np.random.default_rng(1).integers(-2, 3, pixels.shape, dtype=np.int16)
    return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def hole(width: int, height: int, side: int) -> Image.Image:
    """Returns a mask with an off-centre disc."""
    mask = Image.new("L", (width, height), 0)
    left, top = width // 3, height // 3
    ImageDraw.Draw(mask).ellipse((left, top, left + side, top + side), fill=255)
    return mask


def encoded(picture: Image.Image, kind: str) -> str:
    """Returns an image file in base64."""
    file = io.BytesIO()
    picture.save(file, kind, quality=92, compress_level=4)
    return base64.b64encode(file.getvalue()).decode()
