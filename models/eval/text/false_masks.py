#!/usr/bin/env python3
"""Counts false masks: `false_masks.py MASKS [--list]` reads the text masks of photographs without text.

Prints the number of photographs of which the mask covers more than SHARE, and the mean fraction covered. `--list`
prints these photographs, the largest masks first.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SHARE = 0.001


def covered(path: Path) -> float:
    """Returns the fraction of the photograph that the mask covers."""
    return float((np.asarray(Image.open(path).convert("L")) > 0).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("masks", type=Path)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    shares = {path.stem: covered(path) for path in sorted(args.masks.glob("*.png"))}
    false = {name: share for name, share in shares.items() if share > SHARE}
    print(
        f"False masks: {len(false)} of {len(shares)} photographs, {np.mean(list(shares.values())):.4f} of their pixels."
    )
    if args.list:
        for name, share in sorted(false.items(), key=lambda entry: -entry[1]):
            print(f"{100 * share:.1f} % {name}")


if __name__ == "__main__":
    main()
