"""Runs rembg's U-2-Net session on two photographs and writes its masks for the parity test of saliency.

    python make_cutout_goldens.py MODEL.onnx PHOTOS OUT

Reads PHOTOS/NAME.png and writes the image at 256 x 192 pixels, OUT/NAME.png, rembg's mask of it, OUT/NAME.mask.png, and every
eighth row and column of the network's first output, OUT/NAME.output.bin (float32, little-endian). Needs rembg, whose
session reads the model from a folder; no download happens.
"""

import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from script_paths import script_paths

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation
SIDE = 320  # of the network's input
STRIDE = 8  # of the stored output
NAMES = ("dog", "parrot")
SIZE = (256, 192)  # not square, so that a wrong order of width and height shows


def main() -> None:
    model, photos, out = script_paths(__doc__, "model", "photos", "out")
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["U2NET_HOME"] = home
        shutil.copy(model, Path(home) / "u2netp.onnx")
        from rembg import new_session  # reads the variable when it is imported

        session = new_session("u2netp", providers=["CPUExecutionProvider"])
        for name in NAMES:
            with Image.open(photos / f"{name}.png") as file:
                photo = file.convert("RGB").resize(SIZE)
            photo.save(out / f"{name}.png", optimize=True)
            (mask,) = session.predict(photo)
            mask.save(out / f"{name}.mask.png", optimize=True)
            output = session.inner_session.run(None, session.normalize(photo, *IMAGENET, (SIDE, SIDE)))[0]
            (out / f"{name}.output.bin").write_bytes(output[0, 0, ::STRIDE, ::STRIDE].astype("<f4").tobytes())


if __name__ == "__main__":
    main()
