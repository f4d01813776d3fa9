"""Random synthetic images with straight edges, repetitions and letters, which few photographs have."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from masks import text
from PIL import Image, ImageDraw

# Supersampling factor of shapes.
FINER = 2


def picture(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns an RGB image [side, side, 3] of uint8; half of them with noise."""
    drawn = KINDS[random.integers(len(KINDS))](random, side)
    if random.random() < 0.5:
        drawn = drawn + random.normal(0, random.uniform(1, 6), drawn.shape)
    return np.clip(drawn, 0, 255).astype(np.uint8)


def _colour(random: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(value) for value in random.integers(0, 256, 3))


def _across(random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns coordinates along and across a direction, in pixels."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    angle = random.uniform(0, 2 * math.pi)
    return x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)


def _gradient(random: np.random.Generator, side: int) -> np.ndarray:
    along, _ = _across(random, side)
    part = (along - along.min()) / (along.max() - along.min())
    start, end = random.uniform(0, 255, (2, 3))
    return start + part[..., None] * (end - start)


def _leaves(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns a dead-leaves image: overlapping shapes of all sizes (Lee, Mumford, Huang 2001)."""
    full = side * FINER
    image = Image.new("RGB", (full, full), (128, 128, 128))
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(40, 140)):
        size = full * min(0.45, 0.03 / max(0.03, random.random()) ** 1.2)
        corners = 24 if random.random() < 0.5 else 4
        turn, flat = random.uniform(0, 2 * math.pi), random.uniform(0.2, 1)
        angle = np.linspace(0, 2 * math.pi, corners, endpoint=False) + math.pi / corners
        x, y = size * np.cos(angle), size * flat * np.sin(angle)
        place = random.uniform(0, full, 2)
        points = np.stack((x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)), 1) + place
        draw.polygon([tuple(point) for point in points], _colour(random))
    return np.asarray(image.reduce(FINER), np.float32)


def _stripes(random: np.random.Generator, side: int) -> np.ndarray:
    along, across = _across(random, side)
    along = along + random.uniform(0, 8) * np.sin(across * random.uniform(0.01, 0.1))
    wave = np.sin(along * 2 * math.pi / random.uniform(5, 50) + random.uniform(0, 2 * math.pi))
    if random.random() < 0.5:
        wave = np.clip(wave * random.uniform(2, 8), -1, 1)
    part = 0.5 + 0.5 * wave[..., None]
    return _gradient(random, side) * part + _gradient(random, side) * (1 - part)


def _bricks(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns bricks, tiles or windows in perspective."""
    y, x = np.mgrid[0 : side * FINER, 0 : side * FINER] / (side * FINER) - 0.5
    (a, b), (c, d) = np.eye(2) + random.uniform(-0.3, 0.3, (2, 2))
    nearer = 1 + x * random.uniform(-0.6, 0.6) + y * random.uniform(-0.6, 0.6)
    x, y = (a * x + b * y) / nearer * side, (c * x + d * y) / nearer * side
    width, height, gap = random.integers(8, 60), random.integers(6, 40), random.integers(1, 5)
    row = np.floor(y / height).astype(int)
    x = x + (row % 2) * width * random.choice([0, 0.5])
    column = np.floor(x / width).astype(int)
    mortar = (x - column * width < gap) | (y - row * height < gap)
    shades = random.normal(0, 14, (64, 64, 3)) + random.uniform(0, 255, 3)
    image = np.where(mortar[..., None], np.array(_colour(random)), shades[row % 64, column % 64])
    return image.reshape(side, FINER, side, FINER, 3).mean((1, 3))


def _planes(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns intersecting straight edges."""
    image = _gradient(random, side)
    for _ in range(random.integers(1, 6)):
        along, _ = _across(random, side)
        along = along - random.choice(along.ravel())
        part = np.clip(along / random.uniform(0.7, 3) + 0.5, 0, 1)
        if random.random() < 0.4:
            part = part * np.clip((random.uniform(3, 40) - along) / 1.2 + 0.5, 0, 1)
        image = image * (1 - part[..., None]) + _gradient(random, side) * part[..., None]
    return image


def _signs(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns lines and letters."""
    full = side * FINER
    image = Image.fromarray(_gradient(random, side).astype(np.uint8)).resize((full, full), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(3, 16)):
        draw.line(list(random.uniform(-0.2, 1.2, 4) * full), _colour(random), FINER * int(random.integers(1, 8)))
    for _ in range(random.integers(0, 5)):
        word = text(random, int(random.uniform(0.08, 0.3) * full))
        place = random.uniform(-0.1, 0.8, 2) * full
        image.paste(_colour(random), (int(place[0]), int(place[1])), word)
    return np.asarray(image.reduce(FINER), np.float32)


def _noise(random: np.random.Generator, side: int) -> np.ndarray:
    """Returns coloured noise with the power-law spectrum of photographs."""
    image = np.zeros((side, side, 3), np.float32)
    for octave in range(1, 7):
        coarse = random.normal(0, 1, (max(2, side >> octave),) * 2 + (3,)).astype(np.float32)
        strength = 2 ** (octave * random.uniform(0.4, 1.0))
        for channel in range(3):
            fine = Image.fromarray(coarse[..., channel]).resize((side, side), Image.Resampling.BICUBIC)
            image[..., channel] += strength * np.asarray(fine)
    image = image @ (random.normal(0, 0.4, (3, 3)) + np.eye(3) * 0.4 + 0.3)
    return 128 + (image - image.mean()) / (image.std() + 1e-6) * random.uniform(15, 55)


KINDS: tuple[Callable[[np.random.Generator, int], np.ndarray], ...] = (
    _leaves,
    _stripes,
    _bricks,
    _planes,
    _signs,
    _noise,
)
