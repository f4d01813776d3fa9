#!/usr/bin/env python3
"""Times the strategies Auto, Crop and Original on masks of many small and of a few large holes.

Prints the medians of the model thread's processor seconds, without decoding and encoding, as Markdown. Strategies run in
turns.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from masks import blob
from timed_server import Server

ROOT = Path(__file__).resolve().parents[3]
PHOTOGRAPH = ROOT / "tests/fixtures/photos/flower-2268x1512.png"
STRATEGIES = ("Auto", "Crop", "Original")
SEED = 3


def letters(height: int, width: int, count: int = 80) -> np.ndarray:
    """Returns a mask of letters of some 40 pixels, spread over the image."""
    mask = np.zeros((height, width), np.uint8)
    random = np.random.default_rng(SEED)
    columns = 10
    for at in range(count):
        cell = np.array([width / columns, height / (count // columns)])
        place = (np.array([at % columns, at // columns]) + random.uniform(0.1, 0.6, 2)) * cell + (0, 40)
        letter = chr(ord("A") + at % 26)
        cv2.putText(mask, letter, place.astype(int).tolist(), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 1, 7)
    return mask


def blobs(height: int, width: int, count: int, area: float, margin: float) -> np.ndarray:
    """Returns a mask of blobs, each of `area` (a fraction of the image)."""
    mask = np.zeros((height, width), np.uint8)
    random = np.random.default_rng(SEED)
    for _ in range(count):
        blob(mask, random, area, margin)
    return mask


# Names and masks.
CASES = (
    ("80 letters, 1600 x 1200", letters(1200, 1600)),
    ("20 blobs, 2450 x 1634", blobs(1634, 2450, 20, 0.001, 0.05)),
    ("3 large holes, 2450 x 1634", blobs(1634, 2450, 3, 0.05, 0.2)),
)


def main() -> None:
    """Times and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/release/iopaint"))
    parser.add_argument("--model", default="lama-mini")
    parser.add_argument("--model-dir", type=Path, help="folder of this program's models")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    photograph = cv2.imread(str(PHOTOGRAPH))[..., ::-1]
    print("| holes | " + " | ".join(STRATEGIES) + " | Auto by the better of the others |")
    print("| --- |" + " ---: |" * (len(STRATEGIES) + 1))
    with Server(arguments.binary, arguments.model, arguments.model_dir) as server:
        for name, mask in CASES:
            image = cv2.resize(photograph, mask.shape[::-1], interpolation=cv2.INTER_AREA)
            seconds = [
                [server.fill(image, mask, {"hd_strategy": strategy})[1] for strategy in STRATEGIES]
                for _ in range(arguments.rounds)
            ]
            medians = np.median(seconds, 0)
            cells = [f"{value:.2f} s" for value in medians] + [f"{medians[0] / medians[1:].min():.2f}"]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
