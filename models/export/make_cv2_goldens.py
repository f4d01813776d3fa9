"""Creates the goldens of the model cv2: runs OpenCV's inpaint and writes inputs and outputs.

    python make_cv2_goldens.py ../../tests/fixtures/cv2

needs `pip install opencv-python-headless==4.11.0.86 pillow`; nothing else in the project does. Expected
images are black outside the hole, which keeps the files small.
"""

import json
import shutil

import cv2
import numpy as np
import pictures as draw
from PIL import Image
from script_paths import script_paths

ALGORITHMS = {"INPAINT_NS": cv2.INPAINT_NS, "INPAINT_TELEA": cv2.INPAINT_TELEA}
RADII = (1, 2, 3, 4, 7, 20, 100)


def noisy(width: int, height: int, seed: int) -> np.ndarray:
    """Returns a synthetic image with slight noise, so that no gradient is exactly zero."""
    values = np.asarray(draw.picture(width, height, seed)).astype(int)
    noise = np.random.default_rng(seed).integers(-6, 7, values.shape)
    return np.clip(values + noise, 0, 255).astype(np.uint8)


def dots(width: int, height: int) -> Image.Image:
    """Returns single pixels, whose fronts meet everywhere."""
    values = np.random.default_rng(3).random((height, width)) < 0.3
    return Image.fromarray(np.where(values, 255, 0).astype(np.uint8))


MASKS = {
    "disc": draw.disc,
    "stroke": draw.stroke,
    "ring": draw.ring,
    "parts": draw.parts,
    "edges": draw.edges,
    "dots": dots,
    "full": lambda width, height: draw.blank(width, height, 255),
    "empty": draw.blank,
}
SIZES = {
    (96, 64): ("disc", "stroke", "ring", "parts", "edges", "dots", "full", "empty"),
    (63, 64): ("disc", "edges"),
    (9, 17): ("disc", "edges"),
    (3, 40): ("stroke",),
    (2, 2): ("dots",),
    (150, 101): ("parts", "stroke"),
}


def main() -> None:
    (target,) = script_paths(__doc__, "target")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    cases = []
    for number, ((width, height), masks) in enumerate(SIZES.items()):
        image = noisy(width, height, 40 + number)
        image_file = f"image-{width}x{height}.png"
        (target / image_file).write_bytes(draw.png(Image.fromarray(image)))
        for name in masks:
            mask = np.asarray(MASKS[name](width, height))
            mask_file = f"mask-{name}-{width}x{height}.png"
            (target / mask_file).write_bytes(draw.png(Image.fromarray(mask)))
            for algorithm, flag in ALGORITHMS.items():
                for radius in RADII if (width, height) == (96, 64) else (3, 12):
                    result = cv2.inpaint(image, mask, radius, flag) * (mask[:, :, None] > 0)
                    expected = f"{name}-{width}x{height}-{algorithm[8:].lower()}-{radius}.png"
                    (target / expected).write_bytes(draw.png(Image.fromarray(result)))
                    cases.append(
                        {
                            "image": image_file,
                            "mask": mask_file,
                            "algorithm": algorithm,
                            "radius": radius,
                            "expected": expected,
                        }
                    )
    made_by = f"OpenCV {cv2.__version__}"
    (target / "cases.json").write_text(json.dumps({"made_by": made_by, "cases": cases}, indent=1) + "\n")
    print(f"{len(cases)} cases, {sum(f.stat().st_size for f in target.iterdir())} bytes")


if __name__ == "__main__":
    main()
