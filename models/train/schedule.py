"""The training schedule: crop sizes, learning rate, losses. All are functions of the step, so that a resumed training
equals an uninterrupted one."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Batch normalisation is frozen: batches of large crops are too small for statistics.
FROZEN_FROM = 0.895
# The network's own coarser result replaces the smooth fill, with this probability.
CASCADE_FROM, CASCADE_SHARE = 0.1, 0.3
FEATURES_FROM, FEATURES_RAMP = 0.0, 0.04
ADVERSARIAL_FROM, ADVERSARIAL_RAMP = 0.6, 0.08


@dataclass(frozen=True)
class Stage:
    """Crops of `side` pixels in batches of `batch`, a fraction `drawn` (0..1) of them synthetic."""

    side: int
    batch: int
    drawn: float


@dataclass(frozen=True)
class Schedule:
    """A training of `steps` steps; `side` and `batch` are the initial values."""

    steps: int
    side: int = 128
    batch: int = 8
    peak_rate: float = 1.5e-3

    def progress(self, step: int) -> float:
        """Returns 0 at the first step and 1 after the last."""
        return step / self.steps

    def stage(self, step: int) -> Stage:
        """Returns the stage of a step: crops grow towards the end, and batches shrink."""
        progress = self.progress(step)
        if progress < 0.75:
            return Stage(self.side, self.batch, 0.2)
        if progress < 0.9:
            return Stage(self.side * 11 // 8 // 8 * 8, max(1, self.batch // 2), 0.12)
        return Stage(self.side * 2, max(1, self.batch // 4), 0.08)

    def rate(self, step: int) -> float:
        """Returns the learning rate: a short warm-up, then a cosine decay."""
        progress = self.progress(step)
        warm = min(1.0, progress / 0.015 + 0.02)
        return self.peak_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))

    def strength(self, step: int, start: float, ramp: float) -> float:
        """Returns the weight of a loss that starts at progress `start` and is full after another `ramp`: 0..1."""
        return min(1.0, max(0.0, (self.progress(step) - start) / ramp))
