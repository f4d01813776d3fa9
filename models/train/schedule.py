"""What changes in the course of a training: sizes of pieces, learning rate, losses. All of it follows from the step, so
that a training that was broken off goes on as if it had not been."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Batch normalisation goes on with what it has measured; batches of large pieces are too small to measure on.
FROZEN_FROM = 0.895
# The network's own coarser result takes the place of the smooth filling, and so often.
CASCADE_FROM, CASCADE_SHARE = 0.1, 0.3
FEATURES_FROM, FEATURES_RAMP = 0.0, 0.04
ADVERSARIAL_FROM, ADVERSARIAL_RAMP = 0.6, 0.08


@dataclass(frozen=True)
class Stage:
    """Pieces of `side` pixels, `batch` at once, `drawn` of them (0..1) drawn and not photographed."""

    side: int
    batch: int
    drawn: float


@dataclass(frozen=True)
class Schedule:
    """A training of `steps` steps; `side` and `batch` at its beginning."""

    steps: int
    side: int = 128
    batch: int = 8
    peak_rate: float = 1.5e-3

    def progress(self, step: int) -> float:
        """0 at the first step, 1 after the last."""
        return step / self.steps

    def stage(self, step: int) -> Stage:
        """Pieces become larger towards the end, and fewer at once."""
        progress = self.progress(step)
        if progress < 0.75:
            return Stage(self.side, self.batch, 0.2)
        if progress < 0.9:
            return Stage(self.side * 11 // 8 // 8 * 8, max(1, self.batch // 2), 0.12)
        return Stage(self.side * 2, max(1, self.batch // 4), 0.08)

    def rate(self, step: int) -> float:
        """The learning rate: up at once, down along a cosine."""
        progress = self.progress(step)
        warm = min(1.0, progress / 0.015 + 0.02)
        return self.peak_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))

    def strength(self, step: int, start: float, ramp: float) -> float:
        """Of a loss that begins at a progress of `start` and is whole after `ramp` more: 0..1."""
        return min(1.0, max(0.0, (self.progress(step) - start) / ramp))
