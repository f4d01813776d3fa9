"""Holes for evaluation: random thin ones, blobs and large ones, and hand-traced objects."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np

# The index is part of the seed: append new kinds.
DRAWN = ("thin", "blobs", "large")
KINDS = (*DRAWN, "object")
OBJECTS = json.loads((Path(__file__).parent / "objects.json").read_text())


def mask(kind: str, photo: str, height: int, width: int, seed: int) -> np.ndarray | None:
    """Returns a mask of 0 and 1 (1 = hole), deterministic in its arguments; None if the photograph has no traced object."""
    hole = np.zeros((height, width), np.uint8)
    if kind == "object":
        if photo not in OBJECTS:
            return None
        cv2.fillPoly(hole, [np.array(OBJECTS[photo], np.int32)], 1)
        # Hand-painted masks extend beyond the edge.
        return cv2.dilate(hole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    random = np.random.default_rng([seed, DRAWN.index(kind)])
    if kind == "thin":
        _lines(hole, random)
        _wire(hole, random)
        _text(hole, random)
    elif kind == "blobs":
        for _ in range(4):
            blob(hole, random, random.uniform(0.012, 0.03), margin=0.12)
    else:
        blob(hole, random, 0.20, margin=0.38)
    return hole


def _lines(hole: np.ndarray, random: np.random.Generator) -> None:
    height, width = hole.shape
    for _ in range(5):
        x0, y0, x1, y1 = (int(value) for value in random.uniform(0, 1, 4) * (width, height, width, height))
        cv2.line(hole, (x0, y0), (x1, y1), 1, int(random.integers(2, 7)))


def _wire(hole: np.ndarray, random: np.random.Generator) -> None:
    """Returns a meandering line from the middle."""
    height, width = hole.shape
    x, y, angle = width / 2, height / 2, random.uniform(0, 2 * math.pi)
    for _ in range(12):
        angle += random.normal(0, 0.5)
        next_x, next_y = x + 45 * math.cos(angle), y + 45 * math.sin(angle)
        cv2.line(hole, (int(x), int(y)), (int(next_x), int(next_y)), 1, 4)
        x, y = next_x, next_y


def _text(hole: np.ndarray, random: np.random.Generator) -> None:
    height, width = hole.shape
    for words in ("Copyright 2024", "SAMPLE"):
        place = (int(random.uniform(0.02, 0.4) * width), int(random.uniform(0.12, 0.95) * height))
        font, size = int(random.choice([0, 2, 3, 4])), random.uniform(1.0, 2.2)
        cv2.putText(hole, words, place, font, size, 1, int(random.integers(2, 6)))


def blob(hole: np.ndarray, random: np.random.Generator, area: float, margin: float) -> None:
    """Returns a smooth star-shaped blob of `area` (a fraction of the image), its centre `margin` from the edges."""
    height, width = hole.shape
    angle = np.linspace(0, 2 * math.pi, 96, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(1, 5):
        radius += random.normal(0, 0.16 / wave) * np.cos(wave * angle + random.uniform(0, 2 * math.pi))
    radius = np.clip(radius, 0.45, 1.8)
    stretch = math.exp(random.normal(0, 0.15))
    scale = math.sqrt(area * height * width / (np.mean(radius**2) * math.pi))
    centre_x, centre_y = random.uniform(margin, 1 - margin) * width, random.uniform(margin, 1 - margin) * height
    x = centre_x + scale * stretch * radius * np.cos(angle)
    y = centre_y + scale / stretch * radius * np.sin(angle)
    cv2.fillPoly(hole, [np.stack((x, y), 1).astype(np.int32)], 1)
