"""Objects that look like strokes and are no text: buttons with signs, fences, brushes and branches."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

# Lines of signs, as corners in a square of side 2 around its centre; closed if the last is the first.
SIGNS = (
    ((-1, -1), (1, 1)),
    ((-1, 0), (1, 0)),
    ((0, -1), (0, 1)),
    ((-1, 0.8), (0, -1), (1, 0.8), (-1, 0.8)),
    ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)),
    ((-0.5, -1), (0.6, 0), (-0.5, 1)),
    ((-1, 0.5), (0, -0.6), (1, 0.5)),
)


def button(rng: random.Random, pen: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float) -> None:
    """Draws the rim of a button, or its face, with a sign."""
    x, y = centre
    box = (x - radius, y - radius, x + radius, y + radius)
    line = max(1, round(radius * rng.uniform(0.06, 0.25)))
    filled = rng.random() < 0.5
    shade = 255 if filled else 0
    if rng.random() < 0.7:
        pen.ellipse(box, fill=shade, outline=255, width=line)
    else:
        pen.rounded_rectangle(box, radius * rng.uniform(0, 0.6), fill=shade, outline=255, width=line)
    half = radius * rng.uniform(0.3, 0.6)
    sign = 255 - shade
    kind = rng.random()
    if kind < 0.15:
        pen.ellipse((x - half, y - half, x + half, y + half), outline=sign, width=line)
    elif kind < 0.3:
        for corners in (((-1, -1), (1, 1)), ((-1, 1), (1, -1))):
            pen.line([(x + half * dx, y + half * dy) for dx, dy in corners], fill=sign, width=line)
    elif kind < 0.9:
        pen.line([(x + half * dx, y + half * dy) for dx, dy in rng.choice(SIGNS)], fill=sign, width=line)


def buttons(rng: random.Random, layer: Image.Image) -> None:
    """Draws one to four buttons in a row or as a cross."""
    width, height = layer.size
    radius = height * rng.uniform(0.08, 0.35)
    x, y = rng.uniform(0, width), rng.uniform(0.25, 0.75) * height
    step = radius * rng.uniform(2.1, 3)
    row = [(x + step * index, y) for index in range(rng.randint(1, 4))]
    cross = [(x + step * dx, y + step * dy) for dx, dy in ((0, 1), (1, 0), (0, -1), (-1, 0))]
    for centre in rng.choice((row, cross)):
        button(rng, ImageDraw.Draw(layer), centre, radius)


def fence(rng: random.Random, layer: Image.Image) -> None:
    """Draws parallel bars, most with one or two rails."""
    width, height = layer.size
    pen = ImageDraw.Draw(layer)
    step = height * rng.uniform(0.06, 0.5)
    bar = max(1, round(step * rng.uniform(0.1, 0.5)))
    slant = height * rng.uniform(-0.3, 0.3)
    top, bottom = height * rng.uniform(-0.2, 0.45), height * rng.uniform(0.55, 1.2)
    x = rng.uniform(-width / 2, width / 3)
    end = rng.uniform(width / 2, width * 1.2)
    for y in rng.sample((top, (top + bottom) / 2, bottom), rng.randint(0, 2)):
        pen.line((x, y, end, y), fill=255, width=bar)
    while x < end:
        pen.line((x, bottom, x + slant, top), fill=255, width=bar)
        x += step


def brush(rng: random.Random, layer: Image.Image) -> None:
    """Draws thin lines in almost the same direction from a common edge: bristles, grass, hair."""
    width, height = layer.size
    pen = ImageDraw.Draw(layer)
    line = max(1, round(height * rng.uniform(0.01, 0.04)))
    length, angle = height * rng.uniform(0.2, 0.8), rng.uniform(0, 2 * math.pi)
    x, y = rng.uniform(0, width), rng.uniform(0.2, 0.8) * height
    side = height * rng.uniform(0.2, 1.2)
    spread = rng.uniform(0.02, 0.3)
    for _ in range(rng.randint(8, 40)):
        at, turn = rng.uniform(-side, side), angle + rng.gauss(0, spread)
        start = (x - at * math.sin(angle), y + at * math.cos(angle))
        reach = length * rng.uniform(0.7, 1)
        pen.line((*start, start[0] + reach * math.cos(turn), start[1] + reach * math.sin(turn)), fill=255, width=line)


def branches(rng: random.Random, layer: Image.Image) -> None:
    """Draws a branch that forks some times."""
    width, height = layer.size
    pen = ImageDraw.Draw(layer)
    ends = [(rng.uniform(0, width), rng.choice((0.0, height)), rng.uniform(0, 2 * math.pi))]
    length, line = height * rng.uniform(0.2, 0.5), height * rng.uniform(0.02, 0.09)
    for _ in range(rng.randint(3, 6)):
        forks = []
        for x, y, angle in ends:
            for _ in range(rng.randint(1, 3)):
                turn = angle + rng.gauss(0, 0.5)
                x2, y2 = x + length * math.cos(turn), y + length * math.sin(turn)
                pen.line((x, y, x2, y2), fill=255, width=max(1, round(line)))
                forks.append((x2, y2, turn))
        ends, length, line = forks[:24], length * 0.75, line * 0.7


KINDS: tuple[Callable[[random.Random, Image.Image], None], ...] = (buttons, buttons, fence, brush, branches)


def draw_object(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    """Returns the coverage of an object in a layer of `size`."""
    layer = Image.new("L", size)
    rng.choice(KINDS)(rng, layer)
    return layer
