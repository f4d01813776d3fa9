"""Synthetic images and masks for the goldens: seeded, small as PNG, with edges and gradients."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

ORIENTATION = 0x0112  # EXIF tag


def picture(width: int, height: int, seed: int, low: int = 0, high: int = 255) -> Image.Image:
    """Returns stepped gradients, discs and bars, with all values between `low` and `high`."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, width)[None, :, None]
    y = np.linspace(0, 1, height)[:, None, None]
    slopes = rng.uniform(-1, 1, (2, 3))
    values = x * slopes[0] + y * slopes[1]
    values = (values - values.min()) / max(float(np.ptp(values)), 1e-6)
    values = np.round(values * 12) / 12
    image = Image.fromarray((values * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(10):
        cx, cy = rng.integers(0, width), rng.integers(0, height)
        rx, ry = rng.integers(1, max(width // 5, 2)), rng.integers(1, max(height // 5, 2))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        shape = draw.ellipse if rng.random() < 0.6 else draw.rectangle
        shape((cx - rx, cy - ry, cx + rx, cy + ry), fill=colour)
    scaled = low + np.asarray(image).astype(np.float64) * (high - low) / 255
    return Image.fromarray(np.round(scaled).astype(np.uint8))


def with_alpha(image: Image.Image) -> Image.Image:
    alpha = np.linspace(0, 255, image.width).astype(np.uint8)[None, :].repeat(image.height, 0)
    alpha = (alpha // 16) * 17
    out = image.copy()
    out.putalpha(Image.fromarray(alpha))
    return out


def blank(width: int, height: int, value: int = 0) -> Image.Image:
    return Image.new("L", (width, height), value)


def dot(width: int, height: int) -> Image.Image:
    mask = blank(width, height)
    mask.putpixel((width // 3, height // 2), 255)
    return mask


def disc(width: int, height: int, share: float = 0.2) -> Image.Image:
    mask = blank(width, height)
    r = max(int(min(width, height) * share), 1)
    cx, cy = width * 3 // 5, height * 2 // 5
    ImageDraw.Draw(mask).ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    return mask


def stroke(width: int, height: int) -> Image.Image:
    mask = blank(width, height)
    points = [(width * a // 100, height * b // 100) for a, b in ((12, 70), (35, 25), (60, 60), (85, 30))]
    ImageDraw.Draw(mask).line(points, fill=255, width=max(min(width, height) // 16, 2), joint="curve")
    return mask


def ring(width: int, height: int) -> Image.Image:
    """Returns a ring with an island, which is part of the hole but not an outer contour."""
    mask = blank(width, height)
    draw = ImageDraw.Draw(mask)
    cx, cy, r = width // 2, height // 2, min(width, height) // 3
    draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=255)
    draw.ellipse((cx - r * 3 // 4, cy - r * 3 // 4, cx + r * 3 // 4, cy + r * 3 // 4), fill=0)
    draw.ellipse((cx - r // 4, cy - r // 4, cx + r // 4, cy + r // 4), fill=255)
    return mask


def parts(width: int, height: int) -> Image.Image:
    """Returns several parts: two in one row, overlapping margins, and two that touch at a corner."""
    mask = blank(width, height)
    draw = ImageDraw.Draw(mask)
    w, h = width // 12, height // 12
    for column, row in ((1, 1), (8, 1), (4, 5), (9, 9)):
        draw.rectangle((column * w, row * h, column * w + w - 1, row * h + h), fill=255)
    draw.rectangle((5 * w, 6 * h + 1, 5 * w + w // 2, 6 * h + h // 2), fill=255)
    return mask


def edges(width: int, height: int) -> Image.Image:
    """Returns parts at the left edge, the right edge and in two corners."""
    mask = blank(width, height)
    draw = ImageDraw.Draw(mask)
    w, h = max(width // 14, 1), max(height // 14, 1)
    draw.rectangle((0, 0, w, h), fill=255)
    draw.rectangle((width - w, height - h, width - 1, height - 1), fill=255)
    draw.rectangle((0, height // 2, w, height // 2 + h), fill=255)
    draw.rectangle((width - w - 1, height // 3, width - 1, height // 3 + h), fill=255)
    return mask


def soft(width: int, height: int) -> Image.Image:
    """Returns a blurred disc with all values from 0 to 255, including 127 and 128."""
    return disc(width, height, 0.3).filter(ImageFilter.GaussianBlur(min(width, height) / 14))


def yellow(mask: Image.Image) -> Image.Image:
    """Returns a mask in the form of IOPaint's page: half-transparent yellow strokes on transparency."""
    values = np.asarray(mask)
    out = np.zeros((*values.shape, 4), np.uint8)
    out[values > 127] = (255, 203, 0, 186)
    return Image.fromarray(out)


def png(image: Image.Image, orientation: int | None = None) -> bytes:
    out = io.BytesIO()
    extra = {}
    if orientation is not None:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        extra["exif"] = exif.tobytes()
    image.save(out, "PNG", optimize=True, **extra)
    return out.getvalue()


def encoded(image: Image.Image, file_format: str) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format)
    return out.getvalue()
