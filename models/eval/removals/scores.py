"""Judges of a fill: two feature distances, the energy of the fine bands, and the error in a ring inside the outline."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from features import distances

# The evaluated window: the hole's bounding box and this margin, at most this many pixels per side around the centre.
MARGIN = 24
LARGEST_WINDOW = 256
# Standard deviations of the blurs, in pixels, whose differences are the bands; the first band is finer than 0.7 px.
BLURS = (0.7, 1.4, 2.8)
# Added to the energy of a band, in squared levels of 255: rounding and the noise of plain surfaces.
ENERGY_FLOOR = 0.25
# The ratio of energies that counts as neither fog nor noise.
WANTED_ENERGY = (0.7, 1.4)
# Width of the ring inside the hole's outline, in pixels.
RING = 6


def scored(judges: list, truth: np.ndarray, mask: np.ndarray, fills: dict[str, np.ndarray]) -> dict[str, dict]:
    """Returns the scores of each fill: a distance per judge, `energy` (a ratio) and `ring` (levels of 255). Images are RGB."""
    scores = feature_distances(judges, truth, mask, fills, _window(mask))
    inside = cv2.distanceTransform(np.pad(mask, 1, mode="edge"), cv2.DIST_L2, 5)[1:-1, 1:-1]
    ring = (mask > 0) & (inside <= RING)
    for name, fill in fills.items():
        scores[name]["energy"] = energy_ratio(fill, truth, mask)
        scores[name]["ring"] = float(np.abs(fill[ring].astype(np.float32) - truth[ring]).mean())
    return scores


def feature_distances(
    judges: list, truth: np.ndarray, mask: np.ndarray, fills: dict[str, np.ndarray], part: tuple[slice, slice]
) -> dict[str, dict]:
    """Returns each fill's distances to the truth by judge, in a window."""
    places = torch.from_numpy(mask[part]).float()[None, None]
    scores: dict[str, dict] = {name: {} for name in fills}
    with torch.inference_mode():
        for judge in judges:
            expected = judge.features(_tensor(truth[part]))
            for name, fill in fills.items():
                scores[name][judge.name] = float(distances(judge.features(_tensor(fill[part])), expected, places))
    return scores


def energy_ratio(fill: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Returns the geometric mean over the bands of the ratio of energies: mean squared luma in the hole of the fill, by
    that of the truth.
    """
    ratios = []
    for filled, expected in zip(_bands(fill), _bands(truth), strict=True):
        energies = [float((band[mask > 0] ** 2).mean()) + ENERGY_FLOOR for band in (filled, expected)]
        ratios.append(energies[0] / energies[1])
    return float(np.exp(np.mean(np.log(ratios))))


def _bands(image: np.ndarray) -> list[np.ndarray]:
    luma = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    levels = [luma, *(cv2.GaussianBlur(luma, (0, 0), blur) for blur in BLURS)]
    return [fine - coarse for fine, coarse in zip(levels, levels[1:], strict=False)]


def _window(mask: np.ndarray) -> tuple[slice, slice]:
    slices = []
    for positions, length in zip(np.nonzero(mask), mask.shape, strict=True):
        first, last = max(positions.min() - MARGIN, 0), min(positions.max() + 1 + MARGIN, length)
        if last - first > LARGEST_WINDOW:
            first = int(np.clip(positions.mean() - LARGEST_WINDOW / 2, first, last - LARGEST_WINDOW))
            last = first + LARGEST_WINDOW
        slices.append(slice(int(first), int(last)))
    return slices[0], slices[1]


def _tensor(rgb: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1))).float().div(255).unsqueeze(0)
