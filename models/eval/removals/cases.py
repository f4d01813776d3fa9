"""The benchmark's cases: a photograph with something on it, the mask a person would paint, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from make_set import EMOJI, OBJECTS, cut_from, cut_out, emoji, placed, rendered
from overlays import fence, stamp, text, wires

HALVES = ("tuning", "held-back")
# A third part of new photographs and objects, of the same kinds.
FINAL = "final"
# A second tuning part, of photographs and cut-out photographs of objects that are in none of the others.
SECOND_TUNING = "second-tuning"
SECOND_KINDS = {"photographed": 24, "text": 2, "text band": 2, "stamp": 1, "wires": 2, "fence": 1}
# Photographs of objects with an alpha channel, in a folder of a Debian package.
STAMPS = Path("tuxpaint-stamps-default/usr/share/tuxpaint/stamps")
PHOTOGRAPHED = (
    "animals/amphibians/frog-1",
    "animals/birds/crowned_crane",
    "animals/birds/peacock",
    "animals/birds/pelican",
    "animals/birds/turkey",
    "animals/insects/mantis",
    "animals/mammals/apes/chimp",
    "animals/mammals/bears/european-bear",
    "animals/mammals/bovines/sheep",
    "animals/mammals/camel/camel",
    "animals/mammals/ferret",
    "food/fruit/cherimoya",
    "hobbies/music/percussion/drum_tomtom_floor",
    "household/cylinder",
    "household/tools/cementmixer",
    "military/fireman240a",
    "military/paratrooper",
    "plants/mushrooms/cep",
    "plants/trees/liberia-palm",
    "seasonal/christmas/Christmas_Tree_photo",
    "town/monuments/inukshuk-photo",
    "vehicles/flight/balloon360",
    "vehicles/garbagetruck",
    "vehicles/wheel_tractor",
)
# Kinds and numbers of cases in each part.
KINDS = {"cut-out": 6, "rendered": 8, "person": 6, "text": 4, "text band": 4, "stamp": 3, "wires": 3, "fence": 2}
# Standing, walking, running, dancing (two), kneeling people of the package of rendered objects.
PEOPLE = ("1f9cd", "1f6b6", "1f3c3", "1f483", "1f57a", "1f9ce")
# The longer side in pixels at which masks are painted; larger images are shown reduced.
PAINTED_SIDE = 896
# Surfing, rowing, meditating people of the final part.
FINAL_PEOPLE = ("1f3c4", "1f6a3", "1f9d8")
# Alpha from which a pixel belongs to the overlay.
VISIBLE = 1 / 255


@dataclass
class Case:
    """RGB images of uint8 and a mask of 0 and 1 (1 = erase). Outside the mask, `image` equals `truth`."""

    name: str
    kind: str
    half: str
    image: np.ndarray
    mask: np.ndarray
    truth: np.ndarray


def make_cases(photographs: dict[str, np.ndarray], package: Path, seed: int = 26) -> list[Case]:
    """Returns the cases of both halves, deterministic in its arguments. No photograph and no rendered object is in both
    halves. `package` is the npm package of rendered objects.
    """
    shuffle = np.random.default_rng([seed, 0]).permutation
    names, objects = list(shuffle(list(photographs))), list(shuffle(list(EMOJI)))
    cases = []
    for number, half in enumerate(HALVES):
        backgrounds = {name: photographs[name] for name in names[number::2]}
        # Traced objects come from the test photographs, in their own half.
        traced = [name for name in _traced() if name in backgrounds]
        shown = (traced, objects[number::2], PEOPLE[number::2])
        cases += _part_cases(half, backgrounds, shown, package, [seed, 1 + number])
    return cases


def make_final_cases(photographs: dict[str, np.ndarray], package: Path, seed: int = 26) -> list[Case]:
    """Returns the cases of the final part, deterministic in its arguments: rendered objects and people that are in
    neither half, and traced objects. `photographs` are those that are in neither half.
    """
    objects = list(np.random.default_rng([seed, 0]).permutation(list(EMOJI)))
    unused = objects[len(HALVES) * KINDS["rendered"] :]
    return _part_cases(FINAL, photographs, (_traced(), unused, FINAL_PEOPLE), package, [seed, 1 + len(HALVES)])


def make_second_cases(photographs: dict[str, np.ndarray], debian: Path, seed: int = 28) -> list[Case]:
    """Returns the cases of the second tuning part, deterministic in its arguments. `photographs` are those that are in no
    other part, `debian` is the folder with the unpacked packages.
    """
    order = np.random.default_rng([seed, 0])
    names, objects = list(order.permutation(list(photographs))), list(order.permutation(list(PHOTOGRAPHED)))
    cases = []
    for kind, count in SECOND_KINDS.items():
        for at in range(count):
            random = np.random.default_rng([seed, 1, len(cases)])
            background = names[len(cases) % len(names)]
            truth = photographs[background]
            overlay, label = None, kind.replace(" ", "-")
            if kind == "photographed":
                label = Path(objects[at]).stem
                overlay = placed(cut_from(debian / STAMPS / f"{objects[at]}.png"), *truth.shape[:2], random)
            cases.append(
                make_case(
                    f"{SECOND_TUNING}-{len(cases):02}-{label}-{background}", kind, SECOND_TUNING, truth, overlay, random
                )
            )
    return cases


def _traced() -> list[str]:
    return sorted(path.stem for path in OBJECTS.glob("*.png"))


def _part_cases(
    part: str,
    backgrounds: dict[str, np.ndarray],
    shown: tuple[list[str], list[str], tuple[str, ...]],
    package: Path,
    seed: list[int],
) -> list[Case]:
    """Returns the cases of a part. `shown` are its traced objects, rendered objects and people."""
    traced, objects, people = shown
    names, cases = list(backgrounds), []
    for kind, count in KINDS.items():
        for at in range(count):
            random = np.random.default_rng([*seed, len(cases)])
            background = names[len(cases) % len(names)]
            truth = backgrounds[background]
            if kind == "cut-out":
                own = [name for name in traced if name != background]
                label = own[at % len(own)]
                overlay = placed(cut_out(label), *truth.shape[:2], random)
            elif kind in ("rendered", "person"):
                label = objects[at] if kind == "rendered" else people[at % len(people)]
                cut = emoji(package, label) if kind == "rendered" else rendered(package, label)
                overlay = placed(cut, *truth.shape[:2], random)
            else:
                overlay, label = None, kind.replace(" ", "-")
            name = f"{part}-{len(cases):02}-{label}-{background}"
            cases.append(make_case(name, kind, part, truth, overlay, random))
    return cases


def make_case(
    name: str,
    kind: str,
    half: str,
    truth: np.ndarray,
    overlay: tuple[np.ndarray, np.ndarray] | None,
    random: np.random.Generator,
) -> Case:
    """Returns the photograph `truth` with an overlay (premultiplied colour and alpha) or, if there is none, with drawings
    of `kind`. The mask is painted with the photograph reduced to at most PAINTED_SIDE.
    """
    height, width = truth.shape[:2]
    band = None
    if overlay is None:
        if kind in ("text", "text band"):
            colour, alpha, band = text(height, width, random)
        else:
            colour, alpha = {"stamp": stamp, "wires": wires, "fence": fence}[kind](height, width, random)
        premultiplied = colour * alpha[..., None]
    else:
        premultiplied, alpha = overlay
    composite = truth.astype(np.float32) / 255 * (1 - alpha[..., None]) + premultiplied
    image = (np.clip(composite, 0, 1) * 255 + 0.5).astype(np.uint8)
    visible = alpha >= VISIBLE
    scale = max(1.0, max(height, width) / PAINTED_SIDE)
    mask = (
        painted(visible, random, thin=overlay is None)
        if scale == 1
        else enlarged(visible, random, overlay is None, scale)
    )
    if kind == "text band":
        mask = np.maximum(mask, band)
    image[mask == 0] = truth[mask == 0]
    return Case(name, kind, half, image, mask, truth)


def painted(visible: np.ndarray, random: np.random.Generator, thin: bool) -> np.ndarray:
    """Returns a mask as painted with a round brush: `visible` grown by 5 to 9 px (2 to 4 px for thin strokes), its
    outline smooth and never closer than 2 px.
    """
    grown = random.uniform(2, 4) if thin else random.uniform(5, 9)
    near = _dilated(visible, 2)
    wide = _dilated(visible, int(round(grown)))
    smooth = cv2.GaussianBlur(wide.astype(np.float32), (0, 0), grown) > 0.5
    return np.maximum(near, smooth.astype(np.uint8))


def enlarged(visible: np.ndarray, random: np.random.Generator, thin: bool, scale: float) -> np.ndarray:
    """Returns a mask as painted on the image reduced by `scale`, never closer to `visible` than 2 px."""
    height, width = visible.shape
    size = (round(width / scale), round(height / scale))
    small = painted(cv2.resize(visible.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0, random, thin)
    large = cv2.resize(small.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    return np.maximum(_dilated(visible, 2), large.astype(np.uint8))


def _dilated(mask: np.ndarray, radius: int) -> np.ndarray:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return cv2.dilate(mask.astype(np.uint8), kernel)
