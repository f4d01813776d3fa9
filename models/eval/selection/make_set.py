"""Makes the test set of object selection: composites with exact alpha, and the test photographs with traced masks.

The composites are deterministic in the seed. Objects are the traced ones of the test photographs and images of the npm
package @lobehub/fluent-emoji-3d (Microsoft's Fluent Emoji, MIT). Backgrounds are the test photographs and images of
scikit-image's package that are CC0.
"""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

ROOT = Path(__file__).resolve().parents[3]
PHOTOS = ROOT / "tests/fixtures/photos"
OBJECTS = Path(__file__).parent / "objects"
# Objects that a photograph's edge cuts, and that edge: composites put them at the same edge of the background.
CUT_AT = {
    "brushes": "bottom",
    "bulb": "bottom",
    "chameleon": "bottom",
    "dog": "bottom",
    "pancakes": "left bottom",
    "parrot": "right",
    "soccer": "right",
}
EMOJI = {
    "apple": "1f34e",
    "balloon": "1f388",
    "bee": "1f41d",
    "bicycle": "1f6b2",
    "camera": "1f4f7",
    "car": "1f697",
    "chair": "1fa91",
    "coffee": "2615",
    "fox": "1f98a",
    "guitar": "1f3b8",
    "hamburger": "1f354",
    "key": "1f511",
    "locomotive": "1f682",
    "luggage": "1f9f3",
    "mushroom": "1f344",
    "octopus": "1f419",
    "owl": "1f989",
    "pineapple": "1f34d",
    "rocket": "1f680",
    "sailboat": "26f5",
    "shoe": "1f45f",
    "teddy": "1f9f8",
    "telescope": "1f52d",
    "turtle": "1f422",
}
# Backgrounds without an object of their own: the main object of a composite on them is unambiguous.
PLAIN = ("brick", "grass", "gravel", "stadium", "beach", "planks")
SCENES = ("chelsea", "coffee", "rocket", "dog", "pancakes", "sunflower", "flower-2268x1512", "brushes", "soccer")
# Part (left, top, right, bottom) of a test photograph without its object, fractions of the sides.
PARTS = {
    "stadium": ("soccer", (0.0, 0.0, 0.54, 1.0)),
    "beach": ("cocktail", (0.62, 0.0, 1.0, 1.0)),
    "planks": ("gamepad", (0.5, 0.55, 1.0, 1.0)),
}


@dataclass
class CutOut:
    """RGB and alpha of an object, both float32 in 0..1, cropped to the object, and the edges that cut it."""

    rgb: np.ndarray
    alpha: np.ndarray
    cut_at: str


def photograph(name: str) -> np.ndarray:
    """Returns a test photograph as RGB of shape (height, width, 3)."""
    return np.asarray(Image.open(PHOTOS / f"{name}.png").convert("RGB"))


def traced(name: str) -> np.ndarray:
    """Returns the traced mask of a photograph's main object, of shape (height, width), True inside."""
    return np.asarray(Image.open(OBJECTS / f"{name}.png").convert("1"))


def cut_out(name: str) -> CutOut:
    """Returns the traced object of a photograph. The mask is softened by a pixel and drawn in by half a pixel."""
    rgb = photograph(name)
    mask = traced(name).astype(np.float32)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    alpha = np.clip((soft - 0.3) / 0.6, 0, 1)
    return _cropped(rgb.astype(np.float32) / 255, alpha, CUT_AT.get(name, ""))


def emoji(package: Path, name: str) -> CutOut:
    """Returns an object of the npm package, a gzipped tar archive."""
    return rendered(package, EMOJI[name])


def rendered(package: Path, code_points: str) -> CutOut:
    """Returns the image of the npm package whose file is named after `code_points`, in hexadecimal."""
    with tarfile.open(package) as archive:
        content = archive.extractfile(f"package/assets/{code_points}.webp")
        return cut_from(io.BytesIO(content.read()))


def cut_from(file: Path | io.BytesIO) -> CutOut:
    """Returns the object of an image file with an alpha channel."""
    rgba = np.asarray(Image.open(file).convert("RGBA"), np.float32) / 255
    return _cropped(rgba[..., :3], rgba[..., 3], "")


def _cropped(rgb: np.ndarray, alpha: np.ndarray, cut_at: str) -> CutOut:
    rows, columns = np.nonzero(alpha > 0)
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return CutOut(rgb[part], alpha[part], cut_at)


def background(name: str, random: np.random.Generator) -> np.ndarray:
    """Returns a background whose long side has 640 to 1024 pixels, float32 RGB in 0..1."""
    if name in PARTS:
        photo, (left, top, right, bottom) = PARTS[name]
        rgb = photograph(photo)
        height, width = rgb.shape[:2]
        rgb = rgb[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    elif (PHOTOS / f"{name}.png").exists():
        rgb = photograph(name)
    else:
        rgb = np.asarray(getattr(skimage.data, name if name != "chelsea" else "cat")())
        rgb = rgb if rgb.ndim == 3 else np.repeat(rgb[..., None], 3, 2)
    side = random.integers(640, 1025)
    scale = side / max(rgb.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=method).astype(np.float32) / 255
    tint = random.uniform(0.75, 1.15)
    return np.clip(resized * tint, 0, 1)


def placed(object_: CutOut, height: int, width: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns RGB and alpha of an object on an empty canvas: scaled to 0.25..0.65 of the shorter side, rotated by at
    most 20 degrees unless an edge cuts it, at a random position with at least half a percent of margin.
    """
    side = random.uniform(0.25, 0.65) * min(height, width)
    angle = 0.0 if object_.cut_at else random.uniform(-20, 20)
    rows, columns = object_.alpha.shape
    scale = side / max(rows, columns)
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, scale)
    extent = np.abs(turn[:, :2]) @ np.array([columns, rows])
    new_columns, new_rows = (int(np.ceil(value)) for value in extent)
    turn[:, 2] += extent / 2 - np.array([columns / 2, rows / 2])
    premultiplied = np.dstack((object_.rgb * object_.alpha[..., None], object_.alpha))
    if scale < 1:
        # Anti-aliasing: warpAffine samples without a low-pass filter.
        premultiplied = cv2.GaussianBlur(premultiplied, (0, 0), 0.45 / scale, borderType=cv2.BORDER_REPLICATE)
    border = cv2.BORDER_REPLICATE if object_.cut_at else cv2.BORDER_CONSTANT
    warped = cv2.warpAffine(premultiplied, turn, (new_columns, new_rows), flags=cv2.INTER_LINEAR, borderMode=border)
    warped = np.clip(warped, 0, 1)
    top = int(random.uniform(0.005 * height, 0.995 * height - new_rows))
    left = int(random.uniform(0.005 * width, 0.995 * width - new_columns))
    top = height - new_rows if "bottom" in object_.cut_at else top
    left = width - new_columns if "right" in object_.cut_at else left
    left = 0 if "left" in object_.cut_at else left
    canvas = np.zeros((height, width, 4), np.float32)
    canvas[top : top + new_rows, left : left + new_columns] = warped
    brightness = random.uniform(0.75, 1.2)
    return np.minimum(canvas[..., :3] * brightness, canvas[..., 3:]), canvas[..., 3]


def composite(objects: list[CutOut], scene: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns an RGB image of uint8 and the alpha of the first object as uint8. The others don't touch it."""
    height, width = scene.shape[:2]
    image, first = scene.copy(), None
    for object_ in objects:
        for _ in range(20):
            rgb, alpha = placed(object_, height, width, random)
            near = 0 if first is None else cv2.dilate(first, np.ones((9, 9)))
            if not np.any((alpha > 0) & (near > 0)):
                break
        else:
            continue
        image = image * (1 - alpha[..., None]) + rgb
        first = alpha if first is None else first
    noise = random.normal(0, 0.006, image.shape)
    image = cv2.GaussianBlur(image, (0, 0), 0.5) + noise
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8), (first * 255 + 0.5).astype(np.uint8)


def loose_box(alpha: np.ndarray, random: np.random.Generator) -> list[int]:
    """Returns a box (x0, y0, x1, y1) around alpha > 127, each side moved out by 0 to 5 % of the box."""
    rows, columns = np.nonzero(alpha > 127)
    x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    out = random.uniform(0, 0.05, 4) * np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0])
    height, width = alpha.shape
    return [
        int(max(x0 - out[0], 0)),
        int(max(y0 - out[1], 0)),
        int(min(x1 + out[2], width)),
        int(min(y1 + out[3], height)),
    ]


def make(out: Path, package: Path, seed: int) -> None:
    """Writes images, alpha and cases.json to the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    photos = sorted(path.stem for path in OBJECTS.glob("*.png"))
    cases = []

    def add(name: str, kind: str, image: np.ndarray, alpha: np.ndarray, is_main: bool) -> None:
        Image.fromarray(image).save(out / f"{name}.png")
        Image.fromarray(alpha).save(out / f"{name}.alpha.png")
        random = np.random.default_rng([seed, 2, len(cases)])
        cases.append({"name": name, "kind": kind, "is_main": is_main, "box": loose_box(alpha, random)})

    for index, (kind, name) in enumerate([("cut-out", name) for name in photos * 2] + [("rendered", n) for n in EMOJI]):
        random = np.random.default_rng([seed, 1, index])
        objects = [cut_out(name) if kind == "cut-out" else emoji(package, name)]
        plain = index % 2 == 0
        scenes = [scene for scene in (PLAIN if plain else SCENES) if scene != name]
        scene = scenes[random.integers(len(scenes))]
        # A third of the scenes contain a second object.
        if not plain and index % 3 == 0:
            other = random.choice([other for other in EMOJI if other != name])
            objects.append(emoji(package, other))
        image, alpha = composite(objects, background(scene, random), random)
        add(f"{index:02}-{name}-{scene}", kind, image, alpha, plain)
    for name in photos:
        # The flower is one of several alike.
        add(name, "photograph", photograph(name), traced(name).astype(np.uint8) * 255, name != "flower-2268x1512")
    (out / "cases.json").write_text(json.dumps(cases, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build/selection/set")
    parser.add_argument("--emoji", type=Path, required=True, help="from `npm pack @lobehub/fluent-emoji-3d@1.1.0`")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    make(arguments.out, arguments.emoji, arguments.seed)
