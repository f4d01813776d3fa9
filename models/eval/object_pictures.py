#!/usr/bin/env python3
"""Makes docs/images/objects.jpg: objects removed from test photographs, per row the photograph, the hole, OpenCV's Telea and
this server's models without a download.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from evaluate import BASELINES, PHOTOS, RADIUS, ROOT, fill_with, photos, sheet
from masks import mask

# Photographs whose object is removed, from top to bottom.
SHOWN = ("cocktail", "air-balloon", "astronaut", "gamepad", "soccer")
MODELS = ("patchmatch", "lama-patches")
HOLE_BGR = (255, 0, 255)
CELL = 240
QUALITY = 90


def main() -> None:
    """Fills and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target" / "release" / "iopaint"))
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "images" / "objects.jpg")
    arguments = parser.parse_args()
    found = photos(PHOTOS)
    cases: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name in SHOWN:
        hole = mask("object", name, *found[name].shape[:2], seed=0)
        if hole is None:
            raise SystemExit(f"no traced object in {name}")
        cases[name] = (found[name], hole)
    fills = [fill_with(arguments.binary, model, None, cases) for model in MODELS]
    rows = []
    for name, (photo, hole) in cases.items():
        marked = photo.copy()
        marked[hole > 0] = HOLE_BGR
        telea = cv2.inpaint(photo, hole, RADIUS, BASELINES["telea"])
        rows.append([photo, marked, telea, *(of_model[name] for of_model in fills)])
    cv2.imwrite(str(arguments.output), sheet(rows, CELL), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == "__main__":
    main()
