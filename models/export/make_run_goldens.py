"""Creates the goldens of `iopaint run`: IOPaint 1.6.0's batch over inputs of the other goldens.

    python make_run_goldens.py ../../tests/fixtures/goldens ../../tests/fixtures/run

has the requirements of make_goldens.py. The README.md beside the files describes them.
"""

import json
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from script_paths import script_paths

SMALL = "150x101"


@dataclass
class Case:
    """A call of `iopaint run`: names in the folders -> inputs of the other goldens, or a file instead of a folder."""

    name: str
    images: dict[str, str]
    masks: dict[str, str] | str
    config: dict = field(default_factory=dict)
    concat: bool = False


def cases() -> list[Case]:
    kinds = {"rgb": "stroke", "rgba": "parts", "gray": "disc", "palette": "ring", "bits": "edges"}
    return [
        Case(
            "by-stem",
            {f"{kind}.png": f"{kind}-{SMALL}.png" for kind in kinds},
            {f"{kind}.png": f"mask-{mask}-{SMALL}.png" for kind, mask in kinds.items()},
        ),
        Case(
            "one-mask-scaled",
            {f"{size}.png": f"rgb-{size}.png" for size in (SMALL, "240x161", "63x64", "33x700")},
            f"mask-parts-{SMALL}.png",
        ),
        Case("grays", {"photo.png": f"rgb-{SMALL}.png"}, "mask-grays.png"),
        Case(
            "config",
            {"photo.png": f"tame-{SMALL}.png"},
            f"mask-disc-{SMALL}.png",
            {"hd_strategy": "Resize", "hd_strategy_resize_limit": 80, "sd_seed": 7},
        ),
        Case("cropped", {"photo.png": "rgb-900x640.png"}, "mask-parts-900x640.png"),
        Case("concat", {"photo.png": f"rgb-{SMALL}.png"}, f"mask-soft-{SMALL}.png", concat=True),
    ]


def grays() -> Image.Image:
    """Returns columns of all grays around the middle."""
    return Image.fromarray(np.tile(np.arange(52, 202, dtype=np.uint8), (101, 1)))


def main() -> None:
    goldens, target = script_paths(__doc__, "goldens", "target")
    shutil.rmtree(target / "expected", ignore_errors=True)
    (target / "expected").mkdir(parents=True)
    (target / "inputs").mkdir(exist_ok=True)
    grays().save(target / "inputs" / "mask-grays.png", optimize=True)

    with tempfile.TemporaryDirectory() as cache:
        checkpoints = Path(cache) / "torch" / "hub" / "checkpoints"
        checkpoints.mkdir(parents=True)
        shutil.copy(goldens / "models" / "lama.pt", checkpoints / "big-lama.pt")
        os.environ.update(XDG_CACHE_HOME=cache, HF_HUB_OFFLINE="1", HF_HOME=cache)
        os.environ.pop("TORCH_HOME", None)
        (target / "cases.json").write_text(
            json.dumps([run(case, goldens, target) for case in cases()], indent=1) + "\n"
        )


def run(case: Case, goldens: Path, target: Path) -> dict:
    """Runs a case and stores its results; returns its list entry."""
    from iopaint.batch_processing import batch_inpaint

    def source(name: str) -> Path:
        own = target / "inputs" / name
        return own if own.exists() else goldens / "inputs" / name

    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        masks = {"mask.png": case.masks} if isinstance(case.masks, str) else case.masks
        for kind, files in (("images", case.images), ("masks", masks)):
            (work / kind).mkdir()
            for name, file in files.items():
                shutil.copy(source(file), work / kind / name)
        config = work / "config.json"
        config.write_text(json.dumps(case.config))
        mask = work / "masks" / "mask.png" if isinstance(case.masks, str) else work / "masks"
        batch_inpaint("lama", "cpu", work / "images", mask, work / "results", config, case.concat)
        expected = {}
        for result in sorted((work / "results").iterdir()):
            stored = f"expected/{case.name}-{result.name}"
            shutil.copy(result, target / stored)
            expected[result.name] = stored
    assert len(expected) == len(case.images), case.name
    return {
        "name": case.name,
        "images": case.images,
        "masks": case.masks,
        "config": case.config,
        "concat": case.concat,
        "expected": expected,
    }


if __name__ == "__main__":
    main()
