"""Backgrounds of the benchmark: the test photographs, images of two packages on PyPI, and Debian's packages of wallpapers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import skimage.data
import sklearn
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "tests/fixtures/photos"
# Longer side of a background, in pixels; smaller photographs keep their size.
LONGER_SIDE = 896
# Sides are cut to multiples of it, so that no model pads.
MODULO = 16
# scikit-image's images of public domain and CC0, scikit-learn's of CC-BY-2.0.
SCIKIT_IMAGE = ("brick", "chelsea", "coffee", "grass", "gravel", "hubble_deep_field", "rocket")
SCIKIT_LEARN = ("china", "flower")
# Photographs in Debian's packages, under GPL-2+ or, in the last, a licence of Creative Commons.
DEBIAN = {
    "mate-backgrounds": [
        f"usr/share/backgrounds/mate/nature/{name}.jpg"
        for name in (
            "Aqua",
            "Blinds",
            "Dune",
            "FreshFlower",
            "Garden",
            "GreenMeadow",
            "LadyBird",
            "RainDrops",
            "Storm",
            "TwoWings",
            "Wood",
            "YellowFlower",
        )
    ],
    "plasma-workspace-wallpapers": [
        f"usr/share/wallpapers/{name}/contents/images/2560x1600.jpg"
        for name in (
            "BytheWater",
            "ColdRipple",
            "ColorfulCups",
            "DarkestHour",
            "EveningGlow",
            "FallenLeaf",
            "Grey",
            "Kite",
            "OneStandsOut",
            "Path",
            "summer_1am",
        )
    ],
    "lomiri-wallpapers-20.04": ["usr/share/backgrounds/Kleiber_by_Lukas_Baubkus.jpg"],
}
# Photographs of the final part, in a Debian package under licences of Creative Commons.
FINAL_PACKAGE = "lomiri-wallpapers-16.04"
FINAL = (
    "Bridge_by_Sander_Klootwijk",
    "Dragonfly_by_Bolly",
    "Picture_0B_by_freespace",
    "Wine_by_Jakkub_Mede",
    "aitzgorri_by_Aitzol_Berasategi",
    "free_by_Peter_Nerlich",
    "friends_by_Aitzol_Berasategi",
    "greentock_by_Peter_Nerlich",
    "life_by_Aitzol_Berasategi",
    "picosdeeuropa_by_Aitzol_Berasategi",
    "seeding_by_Clements_Engelhardt",
    "sunset_by_Aitzol_Berasategi",
)
# Photographs of the second tuning part, by folder in a Debian package, in the public domain or under GFDL,
# Apache-2.0, BSD or a licence of Creative Commons.
SECOND = {
    "palapeli-data/usr/share/palapeli/collection": (
        "castle-maintenon.jpg",
        "cincinnati-bridge.jpg",
        "citrus-fruits.jpg",
        "european-honey-bee.jpg",
        "panther-chameleon-female.jpg",
    ),
    "opencv-doc/usr/share/doc/opencv-doc/examples/data": (
        "aloeL.jpg",
        "board.jpg",
        "building.jpg",
        "ela_original.jpg",
        "fruits.jpg",
        "graf1.png",
        "leuvenA.jpg",
        "squirrel_cls.jpg",
    ),
    "opencv-doc/usr/share/doc/opencv-doc/examples/text": (
        "scenetext01.jpg",
        "scenetext03.jpg",
        "scenetext04.jpg",
        "scenetext05.jpg",
        "scenetext06.jpg",
    ),
    "opencv-doc/usr/share/doc/opencv-doc/opencv4/html": ("fusion_mertens.jpg",),
    "lomiri-wallpapers-16.04/usr/share/backgrounds": ("Picture_1A_by_freespace.jpg",),
}


def photographs(debian: Path) -> dict[str, np.ndarray]:
    """Returns the backgrounds by name, RGB of uint8. `debian` is the folder with the unpacked packages, one folder each."""
    files = {path.stem: path for path in sorted(FIXTURES.glob("*.png")) if not path.stem.endswith(".mask")}
    images = Path(sklearn.__file__).parent / "datasets/images"
    files |= {f"sklearn-{name}": images / f"{name}.jpg" for name in SCIKIT_LEARN}
    for package, paths in DEBIAN.items():
        for path in map(Path, paths):
            name = path.parts[3] if path.stem == "2560x1600" else path.stem
            files[name] = debian / package / path
    found = {name: np.asarray(Image.open(path).convert("RGB")) for name, path in files.items()}
    for name in SCIKIT_IMAGE:
        rgb = np.asarray(getattr(skimage.data, name if name != "chelsea" else "cat")())
        found[name] = rgb if rgb.ndim == 3 else np.repeat(rgb[..., None], 3, 2)
    return {name: _prepared(rgb) for name, rgb in sorted(found.items())}


def final_photographs(debian: Path) -> dict[str, np.ndarray]:
    """Returns the backgrounds of the final part by name, RGB of uint8."""
    folder = debian / FINAL_PACKAGE / "usr/share/backgrounds"
    images = {name.split("_by_")[0]: Image.open(folder / f"{name}.jpg") for name in FINAL}
    return {name: _prepared(np.asarray(image.convert("RGB"))) for name, image in images.items()}


def second_photographs(debian: Path) -> dict[str, np.ndarray]:
    """Returns the backgrounds of the second tuning part by name, RGB of uint8."""
    files = [debian / folder / name for folder, names in SECOND.items() for name in names]
    return {path.stem.split("_by_")[0]: _prepared(np.asarray(Image.open(path).convert("RGB"))) for path in files}


def _prepared(rgb: np.ndarray) -> np.ndarray:
    scale = LONGER_SIDE / max(rgb.shape[:2])
    if scale < 1:
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = (side // MODULO * MODULO for side in rgb.shape[:2])
    return np.ascontiguousarray(rgb[:height, :width])
