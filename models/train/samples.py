"""Training samples: crops of photographs and synthetic images, each with a hole. A sample is a function of the seed, the
step and its index in the batch, independent of the process and of earlier samples."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from masks import KINDS, mask, masks
from pictures import picture
from PIL import Image, ImageOps
from schedule import Schedule
from torch import Tensor
from torch.utils.data import Dataset, Sampler

LARGEST_SIDE = 2048
# Scales of the crops and their probabilities.
SCALES = {1.0: 0.08, 0.71: 0.17, 0.5: 0.25, 0.35: 0.27, 0.25: 0.23}
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}
# One scene in this many is used for validation.
KEPT_OUT = 10
VALIDATION_SIDE = 256
VALIDATION_SEED = 7

Pyramid = list[np.ndarray]


@dataclass(frozen=True)
class Photos:
    """Photographs as RGB of uint8 at every scale, for training and for validation."""

    training: list[Pyramid]
    validation: list[Pyramid]

    @staticmethod
    def read(folder: Path) -> Photos:
        """Reads all photographs in a folder and below. The names decide the validation scenes, so that the choice is
        stable when photographs are added."""
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if len(paths) < 2:
            raise SystemExit(f"{folder} holds {len(paths)} photographs, and at least 2 are needed")
        scenes = sorted({scene(path) for path in paths})
        kept_out = {name for name in scenes if zlib.crc32(name.encode()) % KEPT_OUT == 0}
        if not 0 < len(kept_out) < len(scenes):
            kept_out = {scenes[-1]}
        # All photographs show one scene: validate with the last one.
        kept = [path for path in paths if scene(path) in kept_out] if len(scenes) > 1 else paths[-1:]
        learnt = [path for path in paths if path not in kept]
        return Photos([pyramid(path) for path in learnt], [pyramid(path) for path in kept])


def scene(path: Path) -> str:
    """Returns a photograph's scene: `harbour-1.jpg` and `harbour-2.jpg` are one scene."""
    return path.stem.rstrip("0123456789-_ ")


def pyramid(path: Path) -> Pyramid:
    """Returns a photograph at every scale."""
    with Image.open(path) as opened:
        photo = ImageOps.exif_transpose(opened).convert("RGB")
    photo.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    sizes = [(max(1, round(photo.width * scale)), max(1, round(photo.height * scale))) for scale in SCALES]
    return [np.asarray(photo.resize(size, Image.Resampling.BOX)) for size in sizes]


class Samples(Dataset):
    """Samples by (step, index in the batch, side, fraction of synthetic images): image [3, side, side] in 0..1 and mask
    [1, side, side]."""

    def __init__(self, photos: list[Pyramid], seed: int) -> None:
        self.photos = photos
        self.seed = seed

    def __getitem__(self, key: tuple[int, int, int, float]) -> tuple[Tensor, Tensor]:
        step, place, side, drawn = key
        random = np.random.default_rng([self.seed, step, place])
        image = picture(random, side) if random.random() < drawn else self._piece(random, side)
        image = _turned(random, image)
        colours = image.astype(np.float32) / 255
        if random.random() < 0.7:
            colours = _recoloured(random, colours)
        hole = masks(random, side)[None].astype(np.float32)
        return torch.from_numpy(np.ascontiguousarray(colours.transpose(2, 0, 1))), torch.from_numpy(hole)

    def _piece(self, random: np.random.Generator, side: int) -> np.ndarray:
        """Returns the most detailed of one to three crops; most of a photograph is sky or wall."""
        pieces = [self._any_piece(random, side) for _ in range(random.integers(1, 4))]
        return max(pieces, key=_business)

    def _any_piece(self, random: np.random.Generator, side: int) -> np.ndarray:
        sizes = self.photos[random.integers(len(self.photos))]
        photo = sizes[random.choice(len(sizes), p=list(SCALES.values()))]
        if min(photo.shape[:2]) < side:
            photo = sizes[0]
        missing = [max(0, side - length) for length in photo.shape[:2]]
        if any(missing):
            photo = np.pad(photo, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")
        top, left = (random.integers(length - side + 1) for length in photo.shape[:2])
        return photo[top : top + side, left : left + side]


class Batches(Sampler):
    """The keys of all batches from a step to the last, according to the schedule."""

    def __init__(self, schedule: Schedule, first: int) -> None:
        self.schedule = schedule
        self.first = first

    def __iter__(self) -> Iterator[list[tuple[int, int, int, float]]]:
        for step in range(self.first, self.schedule.steps):
            stage = self.schedule.stage(step)
            yield [(step, place, stage.side, stage.drawn) for place in range(stage.batch)]


def validation_set(photos: list[Pyramid]) -> tuple[Tensor, Tensor]:
    """Returns the centre of every photograph with a hole of each kind: images [N, 3, 256, 256], masks [N, 1, 256, 256]."""
    random = np.random.default_rng(VALIDATION_SEED)
    images, holes = [], []
    for sizes in photos:
        shorter = min(sizes[0].shape[:2])
        scale = VALIDATION_SIDE * 1.125 / shorter
        photo = Image.fromarray(sizes[0])
        photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.BOX)
        left, top = (photo.width - VALIDATION_SIDE) // 2, (photo.height - VALIDATION_SIDE) // 2
        piece = np.asarray(photo)[top : top + VALIDATION_SIDE, left : left + VALIDATION_SIDE]
        for kind in KINDS:
            images.append(piece.transpose(2, 0, 1).astype(np.float32) / 255)
            holes.append(mask(random, VALIDATION_SIDE, kind)[None].astype(np.float32))
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(holes))


def _business(piece: np.ndarray) -> float:
    """Returns the detail of a crop: its mean gradient at 32 x 32."""
    small = np.asarray(Image.fromarray(piece).resize((32, 32), Image.Resampling.BOX), np.float32)
    return float(np.abs(np.diff(small, axis=0)).mean() + np.abs(np.diff(small, axis=1)).mean())


def _turned(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    if random.random() < 0.5:
        image = image[:, ::-1]
    return np.rot90(image, int(random.choice(4, p=(0.55, 0.15, 0.15, 0.15))))


def _recoloured(random: np.random.Generator, colours: np.ndarray) -> np.ndarray:
    tint = random.uniform(0.75, 1.25) * (1 + random.normal(0, 0.06, 3))
    colours = colours * tint + random.normal(0, 0.05)
    grey = colours.mean(2, keepdims=True)
    colours = grey + (colours - grey) * random.uniform(0.6, 1.4)
    if random.random() < 0.15:
        colours = colours[..., random.permutation(3)]
    return np.clip(colours, 0, 1).astype(np.float32)
