#!/usr/bin/env python3
"""Renders text over photographs, as a test set of text detection and text masks.

`scenes.py OUT [--photos DIR] [--fonts DIR] [--set small|medium|large ...] [--seed TEXT]` writes per scene the clean
photograph `clean/NAME.png`, the scene `images/NAME.png` and `truth/NAME.png`, which holds the number of the text of
each pixel (0: none), and for all scenes `items.json`: per text its script, size, style and angle. A pixel belongs to a
text if the drawing changed a channel by more than VISIBLE levels: letters with their outline and shadow.

Fonts: Debian's fonts-dejavu-core, fonts-noto-core and fonts-noto-cjk. Results are the same for the same versions of
fonts and Pillow.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

ROOT = Path(__file__).resolve().parents[3]
FONTS = Path("/usr/share/fonts")
# Change of a channel from which a pixel counts as text, in levels of 0 to 255.
VISIBLE = 12
# Em sizes of the texts in pixels, per set; width and height of the scenes; number of scenes.
SIZES = (10, 14, 20, 32, 48, 80, 120, 200)
SETS = {"small": (1152, 864, 12), "medium": (2304, 1728, 6), "large": (4000, 3000, 4)}
STYLES = ("plain", "outlined", "shadowed", "translucent", "rotated")
PALETTE = ((255, 255, 255), (0, 0, 0), (255, 220, 0), (210, 20, 30), (20, 60, 190), (0, 130, 70), (240, 130, 190))
# Smallest Euclidean distance of a text's colour to the mean colour below it, in levels.
CONTRAST = 130
DEJAVU, NOTO, CJK = "truetype/dejavu/DejaVu", "truetype/noto/Noto", "opentype/noto/Noto"
WESTERN = (
    f"{DEJAVU}Sans.ttf",
    f"{DEJAVU}Sans-Bold.ttf",
    f"{DEJAVU}Serif.ttf",
    f"{NOTO}Sans-Bold.ttf",
    f"{NOTO}Serif-Regular.ttf",
)
# Per script its fonts and texts.
SCRIPTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "latin": (
        WESTERN,
        ("Summer sale", "www.example.com", "© 2026 Studio", "OPEN", "Grüße aus Köln", "No. 4711", "the quick fox"),
    ),
    "cyrillic": (WESTERN, ("Привет, мир", "Открыто", "Скидка 50%", "Добро пожаловать", "г. Москва")),
    "greek": (WESTERN, ("Καλημέρα", "ΑΝΟΙΧΤΟ", "Ελλάδα 2026", "το καλοκαίρι")),
    "cjk": (
        (f"{CJK}SansCJK-Regular.ttc", f"{CJK}SansCJK-Bold.ttc", f"{CJK}SerifCJK-Regular.ttc"),
        ("你好世界", "春夏新品上市", "営業中", "東京都渋谷区", "안녕하세요", "版权所有 2026"),
    ),
    "arabic": (
        (f"{NOTO}NaskhArabic-Regular.ttf", f"{NOTO}KufiArabic-Bold.ttf", f"{NOTO}SansArabic-Regular.ttf"),
        ("مرحبا بالعالم", "مفتوح", "تخفيضات الصيف", "أهلا وسهلا"),
    ),
    "devanagari": (
        (f"{NOTO}SansDevanagari-Regular.ttf", f"{NOTO}SerifDevanagari-Bold.ttf"),
        ("नमस्ते दुनिया", "स्वागत है", "खुला है", "नई दिल्ली"),
    ),
    "thai": (
        (f"{NOTO}SansThai-Regular.ttf", f"{NOTO}SerifThai-Bold.ttf"),
        ("สวัสดีชาวโลก", "เปิดบริการ", "ลดราคา", "กรุงเทพ"),
    ),
}


class Item(NamedTuple):
    """A text of a scene. `size` is the em in pixels, `angle` in degrees, counter-clockwise."""

    text: str
    font: str
    script: str
    size: int
    style: str
    angle: float


def photographs(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.[pj][np]g")) if not path.name.endswith(".mask.png")]


def covered(photo: Image.Image, width: int, height: int) -> Image.Image:
    """Returns the photograph continued by mirroring, or cropped, to `width` x `height`, at its own resolution."""
    pixels = np.asarray(photo.convert("RGB"))
    pixels = np.pad(
        pixels,
        ((0, max(0, height - pixels.shape[0])), (0, max(0, width - pixels.shape[1])), (0, 0)),
        mode="symmetric",
    )
    return Image.fromarray(pixels[:height, :width])


def items(rng: random.Random, sizes: tuple[int, ...]) -> list[Item]:
    """Returns one text per script and style, with each size equally often, largest first."""
    found = []
    combinations = [(script, style) for script in SCRIPTS for style in STYLES]
    rng.shuffle(combinations)
    for number, (script, style) in enumerate(combinations):
        fonts, texts = SCRIPTS[script]
        angle = rng.choice((-90, 90, *range(-45, -4, 5), *range(5, 46, 5))) if style == "rotated" else 0
        size = sizes[number % len(sizes)]
        found.append(Item(rng.choice(texts), rng.choice(fonts), script, size, style, angle))
    return sorted(found, key=lambda item: -item.size)


def layers(item: Item, fonts: Path) -> list[tuple[Image.Image, str]]:
    """Returns the coverage of each layer from back to front, cropped to the text, with the layer's kind."""
    font = ImageFont.truetype(str(fonts / item.font), item.size)
    stroke = max(1, round(item.size / 14)) if item.style == "outlined" else 0
    offset = max(1, round(item.size / 16)) if item.style == "shadowed" else 0
    margin = 4 * (stroke + offset) + 4
    left, top, right, bottom = font.getbbox(item.text, stroke_width=stroke)
    size = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    origin = (margin - left, margin - top)

    def drawn(shift: int, stroke_width: int) -> Image.Image:
        cover = Image.new("L", size)
        at = (origin[0] + shift, origin[1] + shift)
        ImageDraw.Draw(cover).text(at, item.text, 255, font, stroke_width=stroke_width)
        return cover

    found = []
    if offset:
        found.append((drawn(offset, 0).filter(ImageFilter.GaussianBlur(offset / 2)), "shadow"))
    if stroke:
        found.append((drawn(0, stroke), "outline"))
    found.append((drawn(0, 0), "letters"))
    return [(cover.rotate(item.angle, Image.Resampling.BICUBIC, expand=True), kind) for cover, kind in found]


def colours(rng: random.Random, below: np.ndarray) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Returns the colours of letters and outline: letters that contrast with the mean colour below them."""
    mean = below.reshape(-1, 3).mean(axis=0)
    distances = {colour: float(np.linalg.norm(mean - colour)) for colour in PALETTE}
    legible = [colour for colour in PALETTE if distances[colour] > CONTRAST]
    letters = rng.choice(legible or [max(PALETTE, key=lambda colour: distances[colour])])
    return letters, (0, 0, 0) if sum(letters) > 380 else (255, 255, 255)


def draw(
    scene: Image.Image, item: Item, parts: list[tuple[Image.Image, str]], at: tuple[int, int], rng: random.Random
) -> None:
    box = (at[0], at[1], at[0] + parts[0][0].width, at[1] + parts[0][0].height)
    letters, outline = colours(rng, np.asarray(scene.crop(box)))
    opacity = {"shadow": 0.6, "outline": 1.0, "letters": 0.5 if item.style == "translucent" else 1.0}
    inks = {"shadow": (0, 0, 0), "outline": outline, "letters": letters}
    for cover, kind in parts:
        faded = cover.point([round(value * opacity[kind]) for value in range(256)])
        scene.paste(Image.new("RGB", cover.size, inks[kind]), at, faded)


def place(free: np.ndarray, size: tuple[int, int], rng: random.Random) -> tuple[int, int] | None:
    """Returns a free position of a box of `size`, and marks it as taken; None if 200 random ones are not free."""
    height, width = free.shape
    if size[0] >= width or size[1] >= height:
        return None
    for _ in range(200):
        x, y = rng.randrange(width - size[0]), rng.randrange(height - size[1])
        if free[y : y + size[1], x : x + size[0]].all():
            free[y : y + size[1], x : x + size[0]] = False
            return x, y
    return None


def render(clean: Image.Image, fonts: Path, rng: random.Random) -> tuple[Image.Image, np.ndarray, list[Item]]:
    scene, drawn = clean.copy(), []
    truth = np.zeros((clean.height, clean.width), np.uint8)
    free = np.ones(truth.shape, bool)
    for item in items(rng, SIZES):
        parts = layers(item, fonts)
        cover = parts[0][0]
        at = place(free, (cover.width, cover.height), rng)
        if at is None:
            continue
        draw(scene, item, parts, at, rng)
        box = (at[0], at[1], at[0] + cover.width, at[1] + cover.height)
        change = np.asarray(ImageChops.difference(clean.crop(box), scene.crop(box))).max(axis=2)
        drawn.append(item)
        truth[at[1] : box[3], at[0] : box[2]][change > VISIBLE] = len(drawn)
    return scene, truth, drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, default=ROOT / "tests" / "fixtures" / "photos")
    parser.add_argument("--fonts", type=Path, default=FONTS)
    parser.add_argument("--set", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seed", default="", help="other texts in other places (default: the first test set)")
    args = parser.parse_args()
    for folder in ("clean", "images", "truth"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    photos, described = photographs(args.photos), {}
    for kind in args.set:
        width, height, count = SETS[kind]
        for number in range(count):
            name = f"{kind}-{number:02}"
            rng = random.Random(f"{args.seed}{name}")
            clean = covered(Image.open(photos[(7 * number + width) % len(photos)]), width, height)
            scene, truth, drawn = render(clean, args.fonts, rng)
            clean.save(args.out / "clean" / f"{name}.png", compress_level=1)
            scene.save(args.out / "images" / f"{name}.png", compress_level=1)
            Image.fromarray(truth).save(args.out / "truth" / f"{name}.png")
            described[name] = [item._asdict() for item in drawn]
            print(name, len(drawn), "texts")
    (args.out / "items.json").write_text(json.dumps(described, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
