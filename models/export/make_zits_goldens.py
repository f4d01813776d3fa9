"""Creates the fixtures of the structure of images: runs IOPaint's ZITS without networks, and OpenCV's resize.

    python make_zits_goldens.py ../../tests/fixtures/zits

needs `pip install iopaint==1.6.0 torch==2.7.0 opencv-python-headless scikit-image==0.24.0`. The README.md beside the files
describes them.
"""

from pathlib import Path

import cv2
import numpy as np
import pictures as draw
from iopaint.model import zits
from PIL import Image
from script_paths import script_paths

FIXTURES = Path(__file__).resolve().parent.parent.parent / "tests" / "fixtures"
SIDE = 256
# Name -> image and mask. Their sides are larger and smaller than the networks' and equal to them.
IMAGES = {
    "astronaut": ("photos/astronaut.png", "photos/astronaut.mask.png"),
    "dog": ("photos/dog.png", "photos/dog.mask.png"),
    "rgb-512": ("goldens/inputs/rgb-512.png", "goldens/inputs/mask-stroke-512.png"),
    "rgb-900x640": ("goldens/inputs/rgb-900x640.png", "goldens/inputs/mask-ring-900x640.png"),
    "rgb-240x161": ("goldens/inputs/rgb-240x161.png", "goldens/inputs/mask-edges-240x161.png"),
}
# Widths and heights before and after resizing.
RESIZED = (
    ((19, 15), (8, 6)),
    ((16, 12), (8, 6)),
    ((24, 18), (8, 6)),
    ((15, 8), (5, 4)),
    ((10, 9), (16, 17)),
    ((20, 5), (10, 13)),
    ((5, 5), (10, 10)),
    ((7, 5), (3, 2)),
    ((17, 17), (16, 16)),
)


def resized() -> list[list[int]]:
    """Returns four rows per case: widths and heights, and the samples of the image, by area, and linearly."""
    out = []
    for number, (before, after) in enumerate(RESIZED):
        image = np.random.default_rng(number).integers(0, 256, (before[1], before[0], 3)).astype(np.uint8)
        area = cv2.resize(image, after, interpolation=cv2.INTER_AREA)
        linear = cv2.resize(image, after, interpolation=cv2.INTER_LINEAR)
        out += [[*before, *after], *(values.ravel().tolist() for values in (image, area, linear))]
    return out


def lines() -> list[list[float]]:
    """Returns lines in all directions whose antialiasing stays inside the map."""
    rng = np.random.default_rng(3)
    random = rng.uniform(0.01, 0.99, (60, 4)).tolist()
    near = [[x, y, x + dx, y + dy] for x, y, dx, dy in rng.uniform(0.1, 0.2, (20, 4))]
    straight = [[0.1, 0.0, 0.9, 0.0], [0.999, 0.2, 0.999, 0.7], [0.3, 0.3, 0.7, 0.7], [0.7, 0.25, 0.25, 0.7]]
    point = [[0.5, 0.5, 0.5, 0.5]]
    return np.array(random + near + straight + point, dtype=np.float32).tolist()


def line_map(shares: list[list[float]]) -> np.ndarray:
    """Returns IOPaint's drawing of lines."""
    import torch

    model = object.__new__(zits.ZITS)
    model.device = "cpu"
    model.wireframe = lambda _image: {
        "lines_pred": torch.tensor(shares),
        "lines_score": torch.ones(len(shares)),
        "num_proposals": torch.tensor(len(shares)),
    }
    image, mask = torch.zeros(1, 3, 512, 512), torch.zeros(1, 1, 512, 512)
    drawn = model.wireframe_forward(image, h=SIDE, w=SIDE, masks=mask, mask_th=0.85)
    return np.round(drawn[0, 0].numpy() * 255).astype(np.uint8)


def main() -> None:
    (target,) = script_paths(__doc__, "target")
    target.mkdir(parents=True, exist_ok=True)
    for name, (image, mask) in IMAGES.items():
        pixels = np.array(Image.open(FIXTURES / image).convert("RGB"))
        hole = np.array(Image.open(FIXTURES / mask).convert("L"))
        items = zits.load_image(pixels, hole, "cpu")
        edges = Image.fromarray((items["edge_256"][0, 0].numpy() * 255).astype(np.uint8))
        (target / f"edges-{name}.png").write_bytes(draw.png(edges))
        directions = (items["direct"][0].numpy() * [1, 2, 4, 8]).sum(axis=2)
        positions = np.stack([items["rel_pos"][0].numpy(), directions, np.zeros_like(directions)], axis=2)
        (target / f"positions-{name}.png").write_bytes(draw.png(Image.fromarray(positions.astype(np.uint8))))
    shares = lines()
    (target / "lines.png").write_bytes(draw.png(Image.fromarray(line_map(shares))))
    write(target / "lines.txt", shares)
    write(target / "resized.txt", resized())


def write(path: Path, rows: list[list]) -> None:
    path.write_text("".join(" ".join(map(repr, row)) + "\n" for row in rows))


if __name__ == "__main__":
    main()
