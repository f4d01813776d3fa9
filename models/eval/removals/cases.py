"""The benchmark's cases: a photograph with something on it, the mask a person would paint, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from make_set import EMOJI, OBJECTS, cut_out, emoji, placed, rendered
from overlays import fence, stamp, text, wires

HALVES = ("tuning", "held-back")
# Kinds and numbers of cases in each half.
KINDS = {"cut-out": 6, "rendered": 8, "person": 6, "text": 4, "text band": 4, "stamp": 3, "wires": 3, "fence": 2}
# Standing, walking, running, dancing (two), kneeling people of the package of rendered objects.
PEOPLE = ("1f9cd", "1f6b6", "1f3c3", "1f483", "1f57a", "1f9ce")
# The longer side in pixels at which masks are painted; larger images are shown reduced.
PAINTED_SIDE = 896
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
    traced = sorted(path.stem for path in OBJECTS.glob("*.png"))
    cases = []
    for number, half in enumerate(HALVES):
        backgrounds = names[number::2]
        index = 0
        for kind, count in KINDS.items():
            for at in range(count):
                random = np.random.default_rng([seed, 1 + number, index])
                background = backgrounds[index % len(backgrounds)]
                if kind == "cut-out":
                    # Traced objects come from the test photographs, in their own half.
                    own = [name for name in traced if name in backgrounds and name != background]
                    shown = own[at % len(own)]
                    overlay, label = placed(cut_out(shown), *photographs[background].shape[:2], random), shown
                elif kind in ("rendered", "person"):
                    label = objects[number::2][at] if kind == "rendered" else PEOPLE[number::2][at % 3]
                    cut = emoji(package, label) if kind == "rendered" else rendered(package, label)
                    overlay = placed(cut, *photographs[background].shape[:2], random)
                else:
                    overlay, label = None, kind.replace(" ", "-")
                name = f"{half}-{index:02}-{label}-{background}"
                cases.append(make_case(name, kind, half, photographs[background], overlay, random))
                index += 1
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
