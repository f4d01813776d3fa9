#!/usr/bin/env python3
"""Makes the goldens of text detection with rapidocr 3.10.0.

Renders the images `tests/fixtures/text/*.png` and writes `expected.json` with rapidocr's boxes and scores, by its own
post-processing, for the model in `models/builtin`. Both programs run the images at the same size: rapidocr magnifies the
short side of 368 pixels to 736, this project doubles it. Needs rapidocr, onnxruntime, opencv-python and Pillow, and
Debian's fonts-dejavu-core.
"""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageFont
from rapidocr.ch_ppocr_det.utils import DBPostProcess, DetPreProcess
from script_paths import script_paths

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "fixtures" / "text"
MODEL = ROOT / "models" / "builtin" / "PP-OCRv6_det_small.onnx"
FONTS = Path("/usr/share/fonts/truetype/dejavu")
SIZE = (384, 368)


def gradient(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Image.Image:
    ramp = np.linspace(0, 1, SIZE[1])[:, None, None]
    rows = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
    return Image.fromarray(np.repeat(rows, SIZE[0], axis=1).round().astype(np.uint8))


def text(
    image: Image.Image, at: tuple[int, int], words: str, size: int, colour: str, font: str = "DejaVuSans.ttf"
) -> None:
    ImageDraw.Draw(image).text(at, words, colour, ImageFont.truetype(str(FONTS / font), size))


def upright() -> Image.Image:
    image = gradient((60, 90, 140), (190, 170, 150))
    text(image, (24, 20), "Open daily", 40, "white", "DejaVuSans-Bold.ttf")
    text(image, (30, 110), "Summer sale until 30 June", 20, "black")
    text(image, (200, 170), "№ 4711", 28, "yellow", "DejaVuSerif.ttf")
    text(image, (30, 240), "small print, all rights reserved", 12, "black")
    text(image, (60, 290), "EXIT", 56, "darkred", "DejaVuSans-Bold.ttf")
    return image


def rotated() -> Image.Image:
    image = gradient((230, 225, 210), (120, 130, 125))
    for angle, at, words, size in (
        (20, (20, 30), "Straße", 36),
        (-30, (190, 60), "Привет", 32),
        (90, (40, 190), "VERTICAL", 24),
    ):
        cover = Image.new("L", (220, 60))
        ImageDraw.Draw(cover).text((10, 6), words, 255, ImageFont.truetype(str(FONTS / "DejaVuSans-Bold.ttf"), size))
        cover = cover.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        image.paste(Image.new("RGB", cover.size, "navy"), at, cover)
    text(image, (180, 310), "Καλημέρα", 30, "black")
    return image


def main() -> None:
    script_paths(__doc__)
    prepare = DetPreProcess(736, "min", [0.5] * 3, [0.5] * 3)
    boxes_of = DBPostProcess(0.3, 0.5, 1000, 1.6, "fast", True)
    session = onnxruntime.InferenceSession(MODEL)
    OUT.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, image in (("upright", upright()), ("rotated", rotated())):
        image.save(OUT / f"{name}.png", optimize=True)
        pixels = cv2.imread(str(OUT / f"{name}.png"))
        output = session.run(None, {session.get_inputs()[0].name: prepare(pixels)})[0]
        boxes, scores = boxes_of(output, pixels.shape[:2])
        expected[name] = [
            {"polygon": np.asarray(box).tolist(), "score": round(float(score), 4)}
            for box, score in zip(boxes, scores, strict=True)
        ]
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
