"""Creates the goldens of adjust_mask: IOPaint 1.6.0's responses for the masks of the other goldens.

    python make_adjusted_masks.py ../../tests/fixtures/adjusted ../../tests/fixtures/goldens/inputs

has the requirements of make_goldens.py.
"""

import base64
import io
import json
import shutil

import iopaint.helper as iopaint
from PIL import Image
from script_paths import script_paths

# A single pixel determines OpenCV's ellipse; the other shapes cover borders, holes and grays.
GROWING = {
    "dot-150x101": (0, 1, 2, 3, 4, 5, 6, 7, 11, 16, 23, 37, 60, 99),
    "parts-150x101": (5, 20),
    "edges-150x101": (5, 20),
    "ring-150x101": (5,),
    "soft-150x101": (5,),
    "yellow-150x101": (5,),
    "turned-150x101": (5,),
    "empty-150x101": (5,),
    "disc-9x17": (1, 5, 40),
}
SHRINKING = {
    "parts-150x101": (0, 1, 2, 5),
    "edges-150x101": (1, 5),
    "ring-150x101": (3,),
    "full-150x101": (5, 99),
    "disc-517x389": (5, 30),
    "disc-9x17": (1, 5),
}
TURNED = ("soft-150x101", "yellow-150x101", "disc-9x17")


def main() -> None:
    target, inputs = script_paths(__doc__, "target", "inputs")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    jobs = [("expand", name, size) for name, sizes in GROWING.items() for size in sizes]
    jobs += [("shrink", name, size) for name, sizes in SHRINKING.items() for size in sizes]
    jobs += [("reverse", name, 5) for name in TURNED]
    cases = []
    for operate, name, size in jobs:
        source = f"mask-{name}.png"
        text = base64.b64encode((inputs / source).read_bytes()).decode()
        mask, _, _, _ = iopaint.decode_base64_to_image(text, gray=True)
        answer = iopaint.numpy_to_bytes(iopaint.adjust_mask(mask, size, operate), "png")
        expected = f"{operate}-{size}-{name}.png"
        # Recompressed, with the same pixels.
        Image.open(io.BytesIO(answer)).save(target / expected, optimize=True)
        cases.append({"mask": source, "operate": operate, "kernel_size": size, "expected": expected})
    (target / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
    print(f"{len(cases)} cases, {sum(file.stat().st_size for file in target.iterdir())} bytes")


if __name__ == "__main__":
    main()
