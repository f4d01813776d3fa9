"""Random holes for training: thin ones, blobs and large ones."""

from __future__ import annotations

import math
import string
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Draw = ImageDraw.ImageDraw

# Probability of each kind.
SHARES = {"thin": 0.34, "blobs": 0.54, "large": 0.12}
# Allowed area of a hole, as a fraction of the image; others are redrawn.
LEAST, MOST = 0.012, 0.5
TRIES = 20
LETTERS = string.ascii_letters + string.digits + ".,:/-"


def mask(random: np.random.Generator, side: int, kind: str | None = None) -> np.ndarray:
    """Returns a mask [side, side] of 0 and 1 (1 = hole), never empty and never full; of a random kind by default."""
    if kind is None:
        kind = str(random.choice(list(SHARES), p=list(SHARES.values())))
    for _ in range(TRIES):
        picture = Image.new("L", (side, side))
        KINDS[kind](picture, random)
        hole = (np.asarray(picture) > 0).astype(np.uint8)
        if LEAST <= hole.mean() <= MOST:
            return hole
    # All attempts were outside of the image or too small.
    hole = np.zeros((side, side), np.uint8)
    hole[side * 3 // 8 : side * 5 // 8, side * 3 // 8 : side * 5 // 8] = 1
    return hole


def masks(random: np.random.Generator, side: int) -> np.ndarray:
    """As `mask`, often with several kinds at once: more hole pixels train more per sample."""
    hole = mask(random, side)
    while hole.mean() < 0.15 and random.random() < 0.8:
        hole = np.maximum(hole, mask(random, side))
    return hole


def text(random: np.random.Generator, height: int) -> Image.Image:
    """Returns a word of `height` pixels, 255 in its letters."""
    word = "".join(random.choice(list(LETTERS), random.integers(2, 12)))
    font = ImageFont.load_default()
    left, top, right, bottom = font.getbbox(word)
    small = Image.new("L", (int(right - left) + 2, int(bottom - top) + 2))
    ImageDraw.Draw(small).text((1 - left, 1 - top), word, 255, font=font)
    size = (max(1, round(small.width * height / small.height)), height)
    return small.resize(size, Image.Resampling.BICUBIC).point(lambda value: 255 if value > 100 else 0)


def _thin(picture: Image.Image, random: np.random.Generator) -> None:
    if random.random() < 0.57:
        _lines(picture, random)
        if random.random() < 0.4:
            _stroke(picture, random, 1, 6, int(random.integers(3, 9)))
        return
    side = picture.width
    for _ in range(random.integers(1, 5)):
        word = text(random, max(6, int(random.uniform(0.08, 0.35) * side)))
        if random.random() < 0.3:
            word = word.rotate(random.uniform(-40, 40), expand=True)
        picture.paste(255, (int(random.uniform(-0.1, 0.6) * side), int(random.uniform(-0.05, 0.9) * side)), word)
    if random.random() < 0.5:
        picture.paste(picture.filter(ImageFilter.MaxFilter(3)))


def _blobs(picture: Image.Image, random: np.random.Generator) -> None:
    draw, side, which = ImageDraw.Draw(picture), picture.width, random.random()
    if which < 0.45:
        for _ in range(random.integers(1, 4)):
            _stroke(picture, random, 0.04 * side, 0.17 * side, int(random.integers(2, 7)))
    elif which < 0.85:
        for _ in range(random.integers(1, 5)):
            _blob(draw, random, side, math.exp(random.uniform(math.log(0.008), math.log(0.12))))
    else:
        for _ in range(random.integers(1, 4)):
            left, top = random.uniform(-0.1, 0.9, 2) * side
            width, height = random.uniform(0.05, 0.5, 2) * side
            draw.rectangle((left, top, left + width, top + height), 255)
    if random.random() < 0.12:
        _lines(picture, random)


def _large(picture: Image.Image, random: np.random.Generator) -> None:
    _blob(ImageDraw.Draw(picture), random, picture.width, random.uniform(0.12, 0.32))


KINDS: dict[str, Callable[[Image.Image, np.random.Generator], None]] = {
    "thin": _thin,
    "blobs": _blobs,
    "large": _large,
}


def _lines(picture: Image.Image, random: np.random.Generator) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(1, 6)):
        ends = random.uniform(-0.2, 1.2, 4) * picture.width
        draw.line(list(ends), 255, int(random.integers(1, 7)))


def _stroke(picture: Image.Image, random: np.random.Generator, thinnest: float, widest: float, turns: int) -> None:
    """Returns a hand-like stroke of a round brush."""
    draw, side = ImageDraw.Draw(picture), picture.width
    place, angle = random.uniform(0, side, 2), random.uniform(0, 2 * math.pi)
    length, width = random.uniform(0.06, 0.3) * side, random.uniform(thinnest, widest)
    for _ in range(turns):
        angle += random.normal(0, 0.6)
        after = place + length * random.uniform(0.5, 1.3) * np.array([math.cos(angle), math.sin(angle)])
        draw.line([*place, *after], 255, max(1, int(width)))
        if width > 4:
            radius = width / 2
            draw.ellipse((*(after - radius), *(after + radius)), 255)
        place = after


def _blob(draw: Draw, random: np.random.Generator, side: int, area: float) -> None:
    """Returns a smooth star-shaped blob of about `area`, a fraction of the image."""
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(1, 5):
        radius += random.normal(0, 0.22 / wave) * np.cos(wave * angle + random.uniform(0, 2 * math.pi))
    radius = np.clip(radius, 0.35, 2.0) * side * math.sqrt(area / math.pi)
    stretch = math.exp(random.normal(0, 0.25))
    x, y = random.uniform(0.05, 0.95, 2) * side
    corners = np.stack((x + stretch * radius * np.cos(angle), y + radius / stretch * np.sin(angle)), 1)
    draw.polygon([tuple(corner) for corner in corners], 255)
