"""Overlays with exact alpha: texts, stamps, wires and fences, drawn with a fixed seed."""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# Drawn at this multiple of the size and reduced, which anti-aliases.
OVERSAMPLING = 3
WORDS = (
    "Summer sale 50% off",
    "© Jane Doe Photography",
    "2026-07-14 18:32",
    "www.example.com",
    "SAMPLE",
    "Happy holidays",
)
STAMPS = ("PAID", "COPY", "DRAFT", "VOID", "PROOF")


def text(height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns colour, alpha and the box of one or two lines of text; the box is filled with 1."""
    alpha = np.zeros((height, width), np.float32)
    band = np.zeros((height, width), np.uint8)
    size = random.uniform(0.055, 0.12) * height
    top = random.uniform(0.1, 0.9) * height - size
    for line in range(int(random.integers(1, 3))):
        words = WORDS[random.integers(len(WORDS))]
        drawn = _text_alpha(words, size)
        drawn = drawn[:, : width - 8]
        rows, columns = drawn.shape
        y = int(np.clip(top + line * 1.25 * size, 2, height - rows - 2))
        x = int(random.uniform(2, max(width - columns - 2, 3)))
        place = alpha[y : y + rows, x : x + columns]
        np.maximum(place, drawn, out=place)
        band[max(y - 3, 0) : y + rows + 3, max(x - 4, 0) : x + columns + 4] = 1
    colour = np.array([(1, 1, 1), (0.02, 0.02, 0.02), (1, 0.85, 0.1), (0.85, 0.1, 0.1)][random.integers(4)], np.float32)
    return colour, alpha, band


def stamp(height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns colour and alpha of a rotated, translucent stamp: a word in a double frame."""
    drawn = _text_alpha(STAMPS[random.integers(len(STAMPS))], random.uniform(0.16, 0.24) * height)
    border = max(drawn.shape[0] // 3, 8)
    framed = np.pad(drawn, border)
    thickness = max(framed.shape[0] // 22, 3)
    for inset, share in ((2, 1.0), (2 + 2 * thickness, 0.5)):
        rows, columns = framed.shape
        cv2.rectangle(
            framed, (inset, inset), (columns - inset - 1, rows - inset - 1), 1.0, max(int(share * thickness), 2)
        )
    scale = min(1.0, 0.8 * width / framed.shape[1])
    centre = (random.uniform(0.4, 0.6) * width, random.uniform(0.35, 0.65) * height)
    turn = cv2.getRotationMatrix2D((framed.shape[1] / 2, framed.shape[0] / 2), random.uniform(-30, 30), scale)
    turn[:, 2] += np.array(centre) - np.array([framed.shape[1] / 2, framed.shape[0] / 2])
    alpha = cv2.warpAffine(framed, turn, (width, height), flags=cv2.INTER_LINEAR)
    colour = np.array([(0.8, 0.08, 0.1), (0.1, 0.15, 0.7), (0.95, 0.95, 0.95)][random.integers(3)], np.float32)
    return colour, alpha * random.uniform(0.55, 0.9)


def wires(height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns colour and alpha of two to four sagging wires across the image."""
    lines = []
    for _ in range(int(random.integers(2, 5))):
        left, right = random.uniform(0.1, 0.9, 2) * height
        sag = random.uniform(0.02, 0.2) * height
        x = np.linspace(-10, width + 10, 200)
        share = (x + 10) / (width + 20)
        y = left + (right - left) * share + 4 * sag * share * (1 - share)
        lines.append((np.stack((x, y), 1), random.uniform(2.0, 6.5)))
    colour = np.full(3, random.uniform(0.03, 0.25), np.float32)
    return colour, _strokes(height, width, lines)


def fence(height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns colour and alpha of a chain-link fence over the image."""
    spacing, thickness = random.uniform(70, 110), random.uniform(3.5, 7)
    slope = random.uniform(0.85, 1.2)
    lines = []
    reach = height / slope
    for start in np.arange(-reach, width + reach, spacing):
        for direction in (-1, 1):
            y = np.linspace(-8, height + 8, 120)
            wave = 2.5 * np.sin(y / spacing * 2 * math.pi * slope)
            lines.append((np.stack((start + direction * y / slope + wave, y), 1), thickness))
    colour = np.full(3, random.uniform(0.35, 0.75), np.float32)
    return colour, _strokes(height, width, lines)


def _text_alpha(words: str, size: float) -> np.ndarray:
    font = ImageFont.load_default(size * OVERSAMPLING)
    left, top, right, bottom = font.getbbox(words)
    image = Image.new("L", (int(right - left) + 2 * OVERSAMPLING, int(bottom - top) + 2 * OVERSAMPLING))
    ImageDraw.Draw(image).text((OVERSAMPLING - left, OVERSAMPLING - top), words, fill=255, font=font)
    columns, rows = (max(side // OVERSAMPLING, 1) for side in image.size)
    return cv2.resize(np.asarray(image, np.float32) / 255, (columns, rows), interpolation=cv2.INTER_AREA)


def _strokes(height: int, width: int, lines: list[tuple[np.ndarray, float]]) -> np.ndarray:
    canvas = np.zeros((height * OVERSAMPLING, width * OVERSAMPLING), np.uint8)
    for points, thickness in lines:
        corners = (points * OVERSAMPLING).round().astype(np.int32)
        cv2.polylines(canvas, [corners], False, 255, max(int(thickness * OVERSAMPLING), 1))
    return cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
