"""Samples: a text region with its surroundings, as the server resamples it, and the pixels that the text changed."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
from objects import draw_object
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from texts import Fonts

# Height of the marked region, rows above and below it, and columns of a sample: as the server samples them.
REGION, MARGIN, COLUMNS = 64, 32, 160
ROWS = REGION + 2 * MARGIN
# Change of a channel from which a pixel belongs to the text, in levels of 0 to 255.
VISIBLE = 12
# Smallest Euclidean distance of a text's colour to the mean colour below it, in levels.
CONTRAST = 70
# Shares of styles (`Style`), of samples without text, and of samples with shapes that are no text. Most lost pixels of
# the tuning scenes were in shadows and in letters at half opacity; other shares were not tried.
STYLES = {"translucent": 0.35, "shadowed": 0.25, "outlined": 0.1, "plain": 0.15, "mixed": 0.15}
EMPTY, SHAPES = 0.12, 0.2
# Share of shapes that look like strokes, and of samples without text that have shapes.
STROKE_LIKE, EMPTY_SHAPES = 0.6, 0.5
# Share of samples in which the whole is marked as the region, with text of any height.
UNMARKED = 0.06
# Pixels per row of a sample: small text is enlarged, large text reduced.
RATIOS = (0.3, 0.4, 0.5, 0.7, 1.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5)
# Sides of photographs in memory, at most.
MAX_SIDE = 1400


def photographs(folder: Path) -> list[np.ndarray]:
    found = []
    for path in sorted(folder.glob("*.jpg")):
        image = Image.open(path).convert("RGB")
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        found.append(np.asarray(image))
    return found


def background(rng: random.Random, photos: list[np.ndarray], height: int, width: int) -> np.ndarray:
    """Returns a crop of a photograph, mirrored at random, resampled to `height` x `width`; sometimes with a sign."""
    photo = rng.choice(photos)
    scale = min(rng.uniform(0.5, 2.5), photo.shape[0] / height, photo.shape[1] / width)
    rows, columns = int(height * scale), int(width * scale)
    y, x = rng.randint(0, photo.shape[0] - rows), rng.randint(0, photo.shape[1] - columns)
    crop = photo[y : y + rows, x : x + columns]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.12:
        opacity = rng.choice((1.0, rng.uniform(0.4, 1)))
        sign = np.array([rng.randrange(256) for _ in range(3)], np.float32)
        top, left = rng.randrange(height // 3), rng.randint(-width, width // 3)
        bottom = rng.randint(height * 2 // 3, height)
        part = crop[top:bottom, max(0, left) :].astype(np.float32)
        crop[top:bottom, max(0, left) :] = (part * (1 - opacity) + sign * opacity).astype(np.uint8)
    return np.ascontiguousarray(crop)


def colour(rng: random.Random, below: np.ndarray) -> tuple[int, ...]:
    """Returns a colour that contrasts with the mean colour below it: often white, black or another saturated one."""
    mean = np.array(cv2.mean(below)[:3])
    for _ in range(20):
        kind = rng.random()
        if kind < 0.5:
            found = rng.choice(((255,) * 3, (0,) * 3))
        elif kind < 0.75:
            found = tuple(rng.choice((0, rng.randrange(256), 255)) for _ in range(3))
        else:
            found = tuple(rng.randrange(256) for _ in range(3))
        if np.linalg.norm(mean - found) > CONTRAST:
            return found
    return (255,) * 3 if mean.mean() < 128 else (0,) * 3


def paste(image: np.ndarray, cover: np.ndarray, ink: tuple[int, ...] | np.ndarray, opacity: float) -> None:
    alpha = cover.astype(np.float32)[..., None] * (opacity / 255)
    image += (np.asarray(ink, np.float32) - image) * alpha


class Style:
    """Stroke widths in ems, opacity of the letters, and a shadow or none, at random."""

    def __init__(self, rng: random.Random) -> None:
        kind = rng.choices(list(STYLES), list(STYLES.values()))[0]
        mixed = kind == "mixed"
        self.bold = rng.uniform(0.01, 0.03) if rng.random() < 0.15 else 0
        self.shadow = kind == "shadowed" or (mixed and rng.random() < 0.5)
        self.outline = rng.uniform(0.03, 0.1) if kind == "outlined" or (mixed and rng.random() < 0.5) else 0
        self.opacity = 1.0
        if kind == "translucent":
            self.opacity = rng.uniform(0.35, 0.65)
        elif mixed:
            self.opacity = rng.uniform(0.3, 0.9)


def draw_shapes(rng: random.Random, image: np.ndarray) -> None:
    """Draws one to three objects, ellipses, rectangles or lines, most of them larger than letters, on `image`."""
    height, width = image.shape[:2]
    for _ in range(rng.randint(1, 3)):
        if rng.random() < STROKE_LIKE:
            paste(image, np.asarray(draw_object(rng, (width, height))), colour(rng, image), rng.uniform(0.3, 1))
            continue
        layer = Image.new("L", (width, height))
        pen = ImageDraw.Draw(layer)
        side = height * rng.uniform(0.15, 1.2)
        x, y = rng.uniform(-side / 2, width), rng.uniform(-side / 2, height)
        box = (x, y, x + side * rng.uniform(0.5, 2), y + side)
        kind, line = rng.randrange(4), max(1, round(height * rng.uniform(0.01, 0.08)))
        if kind == 0:
            pen.ellipse(box, fill=rng.choice((255, 0)), outline=255, width=line)
        elif kind == 1:
            pen.rounded_rectangle(box, side * rng.uniform(0, 0.5), fill=rng.choice((255, 0)), outline=255, width=line)
        else:
            ends = [rng.uniform(-0.5, 1.5) * side for _ in range(2)]
            pen.line((x, y, x + rng.choice((-1, 1)) * height * 2, y + ends[0]), fill=255, width=line)
        paste(image, np.asarray(layer), colour(rng, image), rng.uniform(0.3, 1))


def draw(
    rng: random.Random, image: np.ndarray, text: str, font: ImageFont.FreeTypeFont, at: tuple[float, float]
) -> None:
    """Draws a text in a random style on `image`, float32."""
    height, width = image.shape[:2]

    def cover(dx: float = 0, dy: float = 0, stroke: int = 0) -> Image.Image:
        layer = Image.new("L", (width, height))
        ImageDraw.Draw(layer).text((at[0] + dx, at[1] + dy), text, 255, font, stroke_width=stroke)
        return layer

    style = Style(rng)
    ink = colour(rng, image)
    bold, outline = round(font.size * style.bold), round(font.size * style.outline + 0.49)
    opacity = style.opacity
    if style.shadow:
        length = max(1.0, font.size * rng.uniform(0.02, 0.1))
        angle = rng.choice((np.pi / 4, rng.uniform(0, 2 * np.pi)))
        shadow = cover(length * np.cos(angle), length * np.sin(angle), bold + outline)
        shadow = shadow.filter(ImageFilter.GaussianBlur(length * rng.choice((0, 0.5, rng.uniform(0, 1.5)))))
        shade = (0, 0, 0) if rng.random() < 0.85 else colour(rng, image)
        paste(image, np.asarray(shadow), shade, rng.uniform(0.3, 0.9))
    if outline:
        edge = ((255,) * 3 if sum(ink) < 380 else (0,) * 3) if rng.random() < 0.7 else colour(rng, image)
        paste(image, np.asarray(cover(stroke=bold + outline)), edge, opacity)
    inks: tuple[int, ...] | np.ndarray = ink
    if rng.random() < 0.1:
        other = np.array(colour(rng, image), np.float32)
        share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        inks = np.array(ink, np.float32) * (1 - share) + other * share
    paste(image, np.asarray(cover(stroke=bold)), inks, opacity)


def degraded(rng: random.Random, image: np.ndarray) -> np.ndarray:
    if rng.random() < 0.1:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.15:
        noise = np.random.default_rng(rng.randrange(1 << 30)).normal(0, rng.uniform(2, 10), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(40, 95)])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return image


def sample(rng: random.Random, photos: list[np.ndarray], fonts: Fonts) -> tuple[np.ndarray, np.ndarray]:
    """Returns the input `[4, ROWS, COLUMNS]`, RGB and region from -1 to 1, and the share of each sample that the text
    changed, `[ROWS, COLUMNS]`.
    """
    ratio = rng.choice(RATIOS)
    unmarked = rng.random() < UNMARKED
    # The detected region is higher than the text, but may cut accents off. The server marks only the inner 64 of its
    # 80 rows.
    height = REGION * ratio / (rng.uniform(0.6, 2) if unmarked else rng.uniform(0.65, 1.5))
    size = max(7, round(height / rng.uniform(0.75, 1.2)))
    text, font = fonts.random_text(rng, size)
    sideways = rng.random() < 0.06
    rows, columns = round(ROWS * ratio), round(COLUMNS * ratio)
    if sideways:
        text = text[:3]
        rows, columns = columns, rows
    image = background(rng, photos, rows, columns).astype(np.float32)
    empty = rng.random() < EMPTY
    if rng.random() < (EMPTY_SHAPES if empty else SHAPES):
        draw_shapes(rng, image)
    clean = image.round()
    left, top, right, bottom = font.getbbox(text)
    # Most texts are longer than the sample: its middle, an end, or the whole of a short one.
    slack = columns - (right - left)
    x = rng.uniform(min(slack, 0), max(slack, 0)) - left
    centre = rows / 2 + rng.uniform(-0.12, 0.12) * REGION * ratio
    y = centre - (bottom + top) / 2
    if not empty:
        draw(rng, image, text, font, (x, y))
        if rng.random() < 0.15:
            step = (bottom - top) * rng.uniform(1.2, 1.6) * rng.choice((-1, 1))
            words, font = fonts.random_text(rng, size)
            draw(rng, image, words, font, (rng.uniform(0, columns / 2), y + step))
    image = np.clip(image.round(), 0, 255).astype(np.uint8)
    red, green, blue = cv2.split(np.abs(image - clean))
    changed = (np.maximum(np.maximum(red, green), blue) > VISIBLE).astype(np.float32)
    image = degraded(rng, image)
    angle = rng.gauss(0, 2)
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1)
    options = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
    image = cv2.warpAffine(image, turn, (columns, rows), **options)
    changed = cv2.warpAffine(changed, turn, (columns, rows), **options)
    if sideways:
        image, changed = np.rot90(image), np.rot90(changed)
    method = cv2.INTER_AREA if ratio > 1 else cv2.INTER_LINEAR
    image = cv2.resize(np.ascontiguousarray(image), (COLUMNS, ROWS), interpolation=method)
    changed = cv2.resize(np.ascontiguousarray(changed), (COLUMNS, ROWS), interpolation=method)
    region = np.full((ROWS, COLUMNS, 1), -1, np.float32)
    start = rng.choice((0, 0, MARGIN))
    end = COLUMNS - rng.choice((0, 0, MARGIN))
    region[MARGIN : MARGIN + REGION, start:end] = 1
    if unmarked:
        region[:] = 1
    values = np.concatenate([image.astype(np.float32) / 127.5 - 1, region], axis=2)
    return values.transpose(2, 0, 1), changed


def varied(rng: random.Random, values: np.ndarray, changed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns a sample with other colours, mirrored or not: as rendering takes longer than a step of training, each
    sample is used several times.
    """
    image = values[rng.sample(range(3), 3)] * rng.uniform(0.7, 1.3)
    if rng.random() < 0.3:
        image = -image
    image = np.clip(image + rng.uniform(-0.2, 0.2), -1, 1)
    values = np.concatenate([image, values[3:]]).astype(np.float32)
    if rng.random() < 0.5:
        values, changed = values[:, :, ::-1].copy(), changed[:, ::-1].copy()
    return values, changed
