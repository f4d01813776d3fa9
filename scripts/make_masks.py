#!/usr/bin/env python3
"""Draws the masks of the test photographs: hand-like brush strokes over an object to remove.

Needs Pillow. The masks are part of the repository; run it only after a change of a photograph or stroke.
"""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw

PHOTOS = Path(__file__).resolve().parent.parent / "tests" / "fixtures" / "photos"

Point = tuple[float, float]
Stroke = tuple[float, list[Point]]

# Brush radius and path, in pixels.
STROKES: dict[str, list[Stroke]] = {
    # The balloon.
    "air-balloon": [
        (52, [(255, 115), (320, 135), (352, 195), (335, 255), (295, 310), (256, 360), (215, 310), (172, 255)]),
        (52, [(172, 255), (158, 195), (190, 135), (255, 115), (255, 180), (210, 220), (300, 220), (256, 300)]),
        (34, [(256, 390), (258, 430)]),
    ],
    # Equipment at the edge of the picture.
    "astronaut": [(20, [(25, 495), (70, 500), (115, 506)])],
    # The thin brush on the right.
    "brushes": [(13, [(402, 295), (375, 390), (330, 508)])],
    # A reflection in the glass.
    "bulb": [(24, [(368, 300), (395, 250), (385, 330)])],
    # The branch's end.
    "chameleon": [(26, [(445, 325), (410, 340), (375, 368)])],
    # The straw and the glass's shadow.
    "cocktail": [(9, [(266, 186), (276, 120), (289, 66)]), (19, [(40, 434), (110, 438), (195, 440)])],
    # The collar's tag.
    "dog": [(20, [(10, 492), (40, 498), (80, 494)])],
    # A bud.
    "flower-2268x1512": [(85, [(350, 1330), (430, 1290), (470, 1350), (400, 1390)])],
    # The four buttons.
    "gamepad": [(19, [(270, 76)]), (19, [(318, 74)]), (19, [(269, 116)]), (19, [(317, 117)])],
    # The dark edge behind the table.
    "pancakes": [(22, [(430, 20), (425, 110), (432, 190)])],
    # The leaf.
    "parrot": [(24, [(505, 395), (485, 440), (500, 470)])],
    # The goal.
    "soccer": [(9, [(42, 272), (44, 220), (140, 218), (222, 220), (225, 270)])],
    # The stem.
    "sunflower": [(17, [(246, 452), (250, 480), (256, 511)])],
}


def wobbly(way: list[Point], radius: float, hand: random.Random) -> list[Point]:
    """Returns the path with hand-like deviations, a point every few pixels."""
    points = [way[0]]
    for (x0, y0), (x1, y1) in zip(way, way[1:], strict=False):
        steps = max(int(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 / (radius / 2)), 1)
        for step in range(1, steps + 1):
            t = step / steps
            detour = radius / 8
            points.append(
                (x0 + (x1 - x0) * t + hand.uniform(-detour, detour), y0 + (y1 - y0) * t + hand.uniform(-detour, detour))
            )
    return points


def draw(size: tuple[int, int], strokes: list[Stroke], hand: random.Random) -> Image.Image:
    """Draws white strokes with round ends on black."""
    mask = Image.new("L", size)
    pen = ImageDraw.Draw(mask)
    for radius, way in strokes:
        points = wobbly(way, radius, hand)
        if len(points) > 1:
            pen.line(points, fill=255, width=int(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask


def main() -> None:
    """Writes `<photo>.mask.png` beside each photo."""
    for name, strokes in STROKES.items():
        with Image.open(PHOTOS / f"{name}.png") as photo:
            mask = draw(photo.size, strokes, random.Random(name))
        mask.save(PHOTOS / f"{name}.mask.png", optimize=True)


if __name__ == "__main__":
    main()
