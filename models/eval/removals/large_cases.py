"""Removals from photographs of 2 to 20 megapixels, at their size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from cases import PEOPLE, Case, make_case
from make_set import EMOJI, OBJECTS, cut_out, emoji, placed, rendered
from photographs import DEBIAN, FIXTURES, MODULO
from PIL import Image

# Photographs of the packages that hold wallpapers of several sizes and drawings, by package.
FULL_SIZE = {
    "lomiri-wallpapers-16.04": (
        "Bridge_by_Sander_Klootwijk",
        "Dragonfly_by_Bolly",
        "Picture_0B_by_freespace",
        "Wine_by_Jakkub_Mede",
        "aitzgorri_by_Aitzol_Berasategi",
        "friends_by_Aitzol_Berasategi",
        "greentock_by_Peter_Nerlich",
        "life_by_Aitzol_Berasategi",
        "picosdeeuropa_by_Aitzol_Berasategi",
        "seeding_by_Clements_Engelhardt",
        "sunset_by_Aitzol_Berasategi",
    ),
    "lomiri-wallpapers-20.04": ("Kleiber_by_Lukas_Baubkus",),
    "mate-backgrounds": ("Garden", "LadyBird", "RainDrops", "Storm", "Wood"),
    "plasma-workspace-wallpapers": ("ColorfulCups", "EveningGlow", "FallenLeaf", "Grey", "OneStandsOut", "Path"),
}
# The test photograph that is large enough.
TEST_PHOTOGRAPH = "flower-2268x1512"
# Kinds of cases, in turns over the photographs.
KINDS = ("rendered", "cut-out", "text", "person", "rendered", "cut-out", "wires", "person")


def large_photographs(debian: Path) -> dict[str, Path]:
    """Returns the files of the photographs by name. `debian` is the folder with the unpacked packages, one folder each."""
    listed = {package: dict(_named(package)) for package in DEBIAN}
    listed["lomiri-wallpapers-16.04"] = {
        name: f"usr/share/backgrounds/{name}.jpg" for name in FULL_SIZE["lomiri-wallpapers-16.04"]
    }
    files = {name: debian / package / listed[package][name] for package, names in FULL_SIZE.items() for name in names}
    return files | {TEST_PHOTOGRAPH: FIXTURES / f"{TEST_PHOTOGRAPH}.png"}


def _named(package: str) -> Iterator[tuple[str, str]]:
    """Yields names and paths of a package's photographs in the benchmark of reduced ones."""
    for path in DEBIAN[package]:
        stem = Path(path).stem
        yield (Path(path).parts[3] if stem == "2560x1600" else stem), path


def large_cases(debian: Path, package: Path) -> Iterator[Case]:
    """Yields one case per photograph, made one by one: a composite of 20 megapixels takes a gigabyte."""
    for index in range(len(large_photographs(debian))):
        yield large_case(debian, package, index)


def large_case(debian: Path, package: Path, index: int, seed: int = 27) -> Case:
    """Returns the case of a photograph, deterministic in the arguments. `package` is the npm package of rendered objects."""
    background, path = list(large_photographs(debian).items())[index]
    random = np.random.default_rng([seed, 1, index])
    rgb = np.asarray(Image.open(path).convert("RGB"))
    height, width = (side // MODULO * MODULO for side in rgb.shape[:2])
    truth = np.ascontiguousarray(rgb[:height, :width])
    kind = KINDS[index % len(KINDS)]
    label, object_ = kind, None
    if kind == "cut-out":
        traced = sorted(path.stem for path in OBJECTS.glob("*.png"))
        label = traced[index % len(traced)]
        object_ = cut_out(label)
    elif kind == "rendered":
        objects = list(np.random.default_rng([seed, 0]).permutation(list(EMOJI)))
        label = str(objects[index % len(objects)])
        object_ = emoji(package, label)
    elif kind == "person":
        label = PEOPLE[index % len(PEOPLE)]
        object_ = rendered(package, label)
    overlay = None if object_ is None else placed(object_, height, width, random)
    return make_case(f"large-{index:02}-{label}-{background}", kind, "large", truth, overlay, random)
