#!/usr/bin/env python3
"""Scores text masks, and fills of the text, against rendered scenes (scenes.py).

`score.py SCENES MASKS [--filled DIR] [--only PATTERN ...]` prints tables in Markdown. Recall is the fraction of a text's pixels that the mask
covers; tables by set, script, size and style have its mean over the texts, and the fraction of texts with at least 0.95.
Precision is the fraction of the masks' pixels that belong to a text; the second figure also counts pixels within two
pixels of a text. With filled scenes, the error is the mean absolute difference from the clean photograph, in levels, in
the pixels of the texts and in those within NEAR pixels of them.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

NEAR = 12
FULL = 0.95


def gray(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


def dilated(flags: np.ndarray, reach: int) -> np.ndarray:
    """Returns the dilation by a square that reaches `reach` pixels to each side."""
    image = Image.fromarray(flags.astype(np.uint8) * 255)
    return np.asarray(image.filter(ImageFilter.MaxFilter(2 * reach + 1))) > 0


def error(filled: Path, clean: Path, where: np.ndarray) -> float:
    difference = np.asarray(Image.open(filled).convert("RGB")).astype(int) - np.asarray(
        Image.open(clean).convert("RGB")
    )
    return float(np.abs(difference)[where].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenes", type=Path)
    parser.add_argument("masks", type=Path)
    parser.add_argument("--filled", type=Path)
    parser.add_argument("--only", nargs="+", default=["*"], help="patterns of the scenes' names")
    args = parser.parse_args()
    recalls, totals = defaultdict(list), defaultdict(lambda: np.zeros(4))
    errors = []
    for name, texts in json.loads((args.scenes / "items.json").read_text()).items():
        is_chosen = any(fnmatch(name, pattern) for pattern in args.only)
        if not is_chosen or not (args.masks / f"{name}.png").is_file():
            continue
        truth = gray(args.scenes / "truth" / f"{name}.png")
        mask = gray(args.masks / f"{name}.png") > 0
        is_text = truth > 0
        kind = name.split("-")[0]
        for group in ("all", kind):
            totals[group] += (
                (mask & is_text).sum(),
                (mask & dilated(is_text, 2)).sum(),
                mask.sum(),
                is_text.sum(),
            )
        covered = np.bincount(truth[mask], minlength=256)
        sizes = np.bincount(truth.ravel(), minlength=256)
        for number, text in enumerate(texts, start=1):
            if sizes[number] == 0:
                continue
            for group in (("all", ""), ("set", kind), *((key, text[key]) for key in ("script", "size", "style"))):
                recalls[group].append(covered[number] / sizes[number])
        if args.filled:
            near = dilated(is_text, NEAR)
            paths = (args.filled / f"{name}.png", args.scenes / "clean" / f"{name}.png")
            errors.append((error(*paths, is_text), error(*paths, near)))
    print("| set | recall of pixels | precision | precision within 2 px |\n| --- | ---: | ---: | ---: |")
    for group, (hits, close, marked, text) in totals.items():
        print(f"| {group} | {hits / text:.3f} | {hits / marked:.3f} | {close / marked:.3f} |")
    print(f"\n| texts | number | mean recall | at least {FULL} |\n| --- | ---: | ---: | ---: |")
    for (key, value), found in sorted(recalls.items(), key=lambda entry: (entry[0][0], str(entry[0][1]).zfill(3))):
        found = np.array(found)
        print(f"| {key} {value} | {len(found)} | {found.mean():.3f} | {(found >= FULL).mean():.2f} |")
    if errors:
        inside, near = np.mean(errors, axis=0)
        print(f"\nError in levels: {inside:.2f} in the texts, {near:.2f} within {NEAR} pixels of them.")


if __name__ == "__main__":
    main()
