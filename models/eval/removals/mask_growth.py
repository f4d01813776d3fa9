#!/usr/bin/env python3
"""Evaluates growing and feathering of masks that end inside an object, and of masks painted generously.

Prints a table per kind of mask: the geometric mean of each judge's distance by that of the ungrown mask, over the whole
objects of the tuning half. Distances are taken in the objects grown by 12 px, the same pixels for all settings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from cases import Case, make_cases
from evaluate import EMOJI_PACKAGE, ROOT, read, write
from judges import CraftVgg, EfficientNetLite0
from photographs import photographs
from scores import scored

# Kinds of cases that are whole objects.
OBJECTS = ("cut-out", "rendered", "person")
# Pixels by which a tight mask is smaller than the object, by turns over the cases.
MISSING = (2, 3, 4)
# Growth and feather width in pixels.
SETTINGS = ((0, 0), (2, 0), (4, 0), (6, 0), (8, 0), (4, 2), (6, 4))
EVALUATED = 12


def disc(radius: int) -> np.ndarray:
    """Returns a disc as a structuring element."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def visible(case: Case) -> np.ndarray:
    """Returns the object's pixels, without holes of chance agreement."""
    differs = (case.image != case.truth).any(2).astype(np.uint8)
    return cv2.morphologyEx(differs, cv2.MORPH_CLOSE, disc(2))


def tight(case: Case, number: int) -> np.ndarray:
    """Returns a mask that lacks 2 to 4 px of the object's border."""
    return cv2.erode(visible(case), disc(MISSING[number % len(MISSING)]))


def fills(binary: str, model: str, cases: list[Case], growth: int, feather: int) -> dict[str, np.ndarray]:
    """Returns the fills by case."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for folder in ("images", "masks"):
            (work / folder).mkdir()
        for case in cases:
            write(work / "images" / f"{case.name}.png", case.image)
            write(work / "masks" / f"{case.name}.png", np.repeat(case.mask[..., None] * 255, 3, 2))
        options = {"hd_strategy": "Auto", "blend": True, "dilate": growth, "feather": feather}
        (work / "config.json").write_text(json.dumps(options))
        flags = ["--image", work / "images", "--mask", work / "masks", "--output", work / "out"]
        flags += ["--config", work / "config.json"]
        subprocess.run([binary, "run", "--model", model, *map(str, flags)], check=True, capture_output=True)
        return {case.name: read(work / "out" / f"{case.name}.png") for case in cases}


def main() -> None:
    """Fills with every setting, scores and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/release/iopaint"))
    parser.add_argument("--models", nargs="*", default=["lama-patches", "lama-mini"])
    parser.add_argument("--objects", type=int, default=20, help="number of objects")
    parser.add_argument("--sources", type=Path, required=True, help="folder that `fetch_sources` made")
    arguments = parser.parse_args()
    judges = [CraftVgg(), EfficientNetLite0()]
    all_cases = make_cases(photographs(arguments.sources), arguments.sources / EMOJI_PACKAGE)
    objects = [case for case in all_cases if case.half == "tuning" and case.kind in OBJECTS][: arguments.objects]
    kinds = {
        "2 to 4 px too small": [replace(case, mask=tight(case, number)) for number, case in enumerate(objects)],
        "5 to 9 px too large": objects,
    }
    for model in arguments.models:
        for kind, cases in kinds.items():
            by_setting = [fills(arguments.binary, model, cases, *setting) for setting in SETTINGS]
            logs = []
            for case in cases:
                evaluated = cv2.dilate(visible(case), disc(EVALUATED))
                named = {str(at): by_case[case.name] for at, by_case in enumerate(by_setting)}
                scores = scored(judges, case.truth, evaluated, named)
                logs.append([[np.log(scores[name][judge.name]) for judge in judges] for name in named])
            logs = np.array(logs)
            ratios, wins = np.exp((logs - logs[:, :1]).mean(0)), (logs < logs[:, :1]).mean(0)
            print(f"\n{model}, masks {kind}, {len(cases)} objects\n")
            print("| growth | feather | " + " | ".join(f"{judge.name} | closer" for judge in judges) + " |")
            print("| ---: | ---: |" + " ---: |" * 2 * len(judges))
            for (growth, feather), ratio, win in zip(SETTINGS, ratios, wins, strict=True):
                cells = [f"{each:.3f} | {share:.0%}" for each, share in zip(ratio, win, strict=True)]
                print(f"| {growth} | {feather} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
