#!/usr/bin/env python3
"""Trains a small network similar to LaMa on a folder of photographs, over any number of hours and calls.

The state is saved every few minutes and on Ctrl-C or a signal; the next call resumes it. README.md beside this file
describes the choices.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import state
import torch
from network import Shape
from samples import Batches, Photos, Samples, validation_set
from schedule import Schedule
from torch import Tensor
from torch.utils.data import DataLoader
from trainer import EfficientNetLite0, Settings, Trainer

# Compared stages: edges, texture, object parts. Later stages have semantic features only.
TRUNK_STAGES = 4
LOG_SECONDS = 30
NO_PHOTOS = """{problem}
This project ships no photographs to train on. Bring a folder of your own, `make train PHOTOS=folder`: some hundreds or
more, of 1000 pixels a side or more, under licences that allow it (your own, CC0, public domain). Don't use the test photos
in tests/fixtures/photos: they are the evaluation set. models/train/README.md lists sources."""


class Stop:
    """Sets `asked` at the first signal; the running step is finished."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


class Means:
    """Means of the steps' values since the last report."""

    def __init__(self) -> None:
        self._sums: dict[str, list[float]] = {}

    def add(self, found: dict[str, float]) -> None:
        """Adds the values of a step."""
        for name, value in found.items():
            self._sums.setdefault(name, []).append(value)

    def report(self) -> str:
        """Returns all means and resets them."""
        means = {name: sum(values) / len(values) for name, values in self._sums.items()}
        self._sums = {}
        if "gain" in means:
            means["gain (dB)"] = 10 * math.log10(max(means.pop("gain"), 1e-12))
        return ", ".join(f"{name} {mean:.4f}" for name, mean in means.items())


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder of photographs, also in folders below")
    parser.add_argument("--output", type=Path, required=True, help="folder of the state and the log")
    parser.add_argument("--steps", type=int, default=4000, help="how long the whole training is")
    parser.add_argument("--minutes", type=float, help="stop and save after this time; the next call resumes")
    parser.add_argument("--widths", type=int, nargs=3, default=Shape.widths, help="channels at 1/2, 1/4, 1/8 size")
    parser.add_argument("--blocks", type=int, default=Shape.blocks, help="residual blocks")
    parser.add_argument(
        "--side", type=int, default=128, help="pixels of a piece at the beginning; twice that at the end"
    )
    parser.add_argument(
        "--batch", type=int, default=8, help="pieces a step at the beginning; a quarter of it at the end"
    )
    parser.add_argument("--rate", type=float, default=1.5e-3, help="the highest learning rate")
    parser.add_argument("--features", type=float, default=0.0, help="strength of the feature loss beside the colour's")
    parser.add_argument("--adversarial", type=float, default=0.0, help="strength of the critic beside the colour's")
    parser.add_argument("--from", type=Path, dest="begin_with", help="begin with the best weights of this state")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="auto", help="auto: a GPU where there is one")
    parser.add_argument("--workers", type=int, help="processes that draw samples (a GPU: 8 at most; else none)")
    parser.add_argument("--validate-every", type=int, default=500, metavar="STEPS")
    parser.add_argument("--save-minutes", type=float, default=5.0)
    return parser.parse_args()


def chosen_device(name: str) -> torch.device:
    """Returns the device of `--device`."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def settings_of(given: argparse.Namespace) -> Settings:
    """Returns the settings of the command line."""
    if given.side % 8 or given.side < 64:
        raise SystemExit("--side must be a multiple of 8 and at least 64")
    if min(given.steps, given.batch, given.blocks, *given.widths) < 1:
        raise SystemExit("--steps, --batch, --blocks and --widths must be at least 1")
    shape = Shape(tuple(given.widths), given.blocks)
    schedule = Schedule(given.steps, given.side, given.batch, given.rate)
    return Settings(shape, schedule, given.seed, given.features, given.adversarial)


def begun(settings: Settings, device: torch.device, path: Path, begin_with: Path | None) -> Trainer:
    """Resumes the state at `path`, or starts a new training: from random weights, or from those of the state
    `begin_with`."""
    trainer = Trainer(settings, device, EfficientNetLite0(TRUNK_STAGES, device))
    try:
        found = state.newest(path)
        if found is not None:
            trainer.restore(found)
        elif begin_with is not None:
            path = begin_with
            trainer.begin_with(state.read(path))
    except state.DamagedState as error:
        raise SystemExit(f"{error}\nMove it away to begin anew.") from error
    except ValueError as error:
        raise SystemExit(
            f"{path} is of another training: {error}\nGive the same flags, or another --output."
        ) from error
    return trainer


def batches(photos: Photos, trainer: Trainer, workers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Returns the remaining batches."""
    loader = DataLoader(
        Samples(photos.training, trainer.settings.seed),
        batch_sampler=Batches(trainer.settings.schedule, trainer.step),
        num_workers=workers,
        pin_memory=trainer.fast,
        # Ctrl-C reaches all processes of a terminal; sample processes end with the training.
        worker_init_fn=alone if workers else None,
    )
    return iter(loader)


def alone(_: int) -> None:
    """Initialises a sample process: ignores signals, and uses one core."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def train(trainer: Trainer, photos: Photos, given: argparse.Namespace, workers: int) -> bool:
    """Trains until the end or a stop signal; returns True at the end."""
    path = given.output / state.FILE
    steps, stop, means = trainer.settings.schedule.steps, Stop(), Means()
    held_out = validation_set(photos.validation)
    trainer.judge_best_again(*held_out)
    with (given.output / "train.log").open("a", buffering=1) as log:

        def say(line: str) -> None:
            print(line, flush=True)
            log.write(line + "\n")

        size = sum(parameter.numel() for parameter in trainer.network.parameters()) / 1e6
        say(
            f"{size:.2f} M parameters on {trainer.device}; {len(photos.training)} photographs to learn from, "
            f"{len(photos.validation)} to validate with; step {trainer.step} of {steps}"
        )
        began = saved = reported_at = time.monotonic()
        reported_step = trainer.step
        for image, mask in batches(photos, trainer, workers):
            means.add(trainer.learn(image, mask))
            now = time.monotonic()
            if now - reported_at >= LOG_SECONDS:
                pace = (trainer.step - reported_step) / (now - reported_at)
                say(f"step {trainer.step} of {steps}, {pace:.2f} a second: {means.report()}")
                reported_at, reported_step = now, trainer.step
            if trainer.step % given.validate_every == 0 or trainer.step == steps:
                found = trainer.validate(*held_out)
                say(f"validation at {trainer.step}: " + ", ".join(f"{name} {it:.4f}" for name, it in found.items()))
            if given.minutes is not None and now - began >= given.minutes * 60:
                stop.asked = True
            if stop.asked or trainer.step == steps or now - saved >= given.save_minutes * 60:
                state.write(path, trainer.state())
                saved = now
            if stop.asked:
                break
        say(f"{path} is at step {trainer.step} of {steps}")
    return trainer.step >= steps


def main() -> None:
    """Runs the command."""
    given = arguments()
    settings, device = settings_of(given), chosen_device(given.device)
    if given.photos is None or not given.photos.is_dir():
        problem = "No photographs were named." if given.photos is None else f"{given.photos} is no folder."
        raise SystemExit(NO_PHOTOS.format(problem=problem))
    given.output.mkdir(parents=True, exist_ok=True)
    workers = given.workers
    if workers is None:
        workers = min(8, max(1, (os.cpu_count() or 2) - 1)) if device.type == "cuda" else 0
    # Denormal numbers make processors many times slower. NumPy warns when it first finds them flushed to zero.
    np.finfo(np.float64)
    torch.set_flush_denormal(True)
    trainer = begun(settings, device, given.output / state.FILE, given.begin_with)
    if train(trainer, Photos.read(given.photos), given, workers):
        print("The training is at its end. `make train-export` makes a model of it; more --steps go on.")
    else:
        print("Stopped. The same command resumes.")


if __name__ == "__main__":
    main()
