"""Creates the goldens: runs IOPaint 1.6.0 on stand-in models and writes inputs, outputs and forward passes.

    python make_goldens.py ../../tests/fixtures/goldens

needs `pip install iopaint==1.6.0 torch==2.7.0 opencv-python-headless httpx`; nothing else in the project does. No
network is used. The README.md beside the files describes them.
"""

import asyncio
import base64
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import httpx
import numpy as np
import pictures as draw
import standin
import torch
from golden_cases import API, Case, cases, inputs
from PIL import Image
from script_paths import script_paths

# Seed of the noise of LDM in a freshly started IOPaint.
LDM_SEED = 42

# Name -> the stand-ins' files and their names in a model folder.
MODELS = {
    "lama": {"lama.pt": "big-lama.pt"},
    "anime-lama": {"probe.pt": "anime-manga-big-lama.pt"},
    "cv2": {},
    "migan": {"migan.pt": "migan_traced.pt"},
    "manga": {"manga-inpaintor.pt": "manga_inpaintor.jit", "manga-lines.pt": "erika.jit"},
    "mat": {"mat.pt": "Places_512_FullData_G.pth"},
    "ldm": {
        "ldm-encoder.pt": "cond_stage_model_encode.pt",
        "ldm-decoder.pt": "cond_stage_model_decode.pt",
        "ldm-diffusion.pt": "diffusion.pt",
    },
    "zits": {
        "zits-wireframe.pt": "zits-wireframe-0717.pt",
        "zits-edge-line.pt": "zits-edge-line-0717.pt",
        "zits-structure-upsample.pt": "zits-structure-upsample-0717.pt",
        "zits-inpaint.pt": "zits-inpaint-0717.pt",
    },
}


def contours() -> list[dict]:
    """Returns random masks and IOPaint's boxes of them, in its order, as [left, top, right, bottom]."""
    from iopaint.helper import boxes_from_mask

    rng = np.random.default_rng(7)
    out = []
    for number in range(60):
        height, width = int(rng.integers(1, 14)), int(rng.integers(1, 22))
        values = np.where(rng.random((height, width)) < rng.choice([0.08, 0.2, 0.4, 0.5, 0.6, 0.75]), 255, 0)
        if number % 4 == 0:  # large closed shapes with islands
            image = draw.blank(width, height)
            pen = draw.ImageDraw.Draw(image)
            pen.rectangle((0, 0, width - 1, height - 1), outline=255)
            pen.ellipse((width // 4, height // 4, width * 3 // 4, height * 3 // 4), outline=255)
            values = np.maximum(np.asarray(image) * (rng.random((height, width)) < 0.97), values * (rng.random() < 0.3))
        boxes = boxes_from_mask(values.astype(np.uint8))
        rows = ["".join("#" if value else "." for value in row) for row in values]
        out.append({"rows": rows, "boxes": [[int(edge) for edge in box] for box in boxes]})
    return out


class Yardstick:
    """IOPaint's own API around a stand-in model."""

    def __init__(self) -> None:
        from fastapi import FastAPI
        from iopaint.api import Api
        from iopaint.schema import ApiConfig

        off = {
            name: False
            for name in ApiConfig.model_fields
            if name.startswith(("enable_", "no_", "disable_", "cpu_")) or name in ("inbrowser", "low_mem")
        }
        devices = {name: "cpu" for name in ApiConfig.model_fields if name.endswith("device")}
        self.api = Api(
            FastAPI(),
            ApiConfig(
                **off,
                **devices,
                host="localhost",
                port=1,
                model="lama",
                local_files_only=True,
                input=None,
                mask_dir=None,
                output_dir=None,
                quality=100,
                interactive_seg_model="sam2_1_tiny",
                remove_bg_model="briaai/RMBG-1.4",
                realesrgan_model="realesr-general-x4v3",
            ),
        )
        self.seen: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def use(self, model: str) -> None:
        manager = self.api.model_manager
        if manager.name != model:
            manager.switch(model)
        loaded = manager.model
        if getattr(loaded, "watched", False):
            return
        loaded.watched = True
        forward, call = loaded.forward, type(loaded).__call__

        def watched(image, mask, config):
            # LaMa fails on shorter sides, so that servers may pad more: no golden may depend on it.
            assert min(image.shape[:2]) >= 16, image.shape
            if manager.name == "ldm":
                # IOPaint seeds the generator only when it starts, so that each of its results differs.
                torch.manual_seed(LDM_SEED)
            result = forward(image, mask, config)
            self.seen.append((image.copy(), mask[:, :, 0].copy(), result[:, :, ::-1].copy()))
            return result

        loaded.forward = watched

        class Checked(type(loaded)):
            def __call__(self, image, mask, config):
                result = call(self, image, mask, config)
                # The following cast would wrap values outside, which is a bug of the original.
                assert result.min() >= 0 and result.max() < 256, (result.min(), result.max())
                return result

        loaded.__class__ = Checked

    async def post(self, body: dict) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=None) as client:
            return await client.post("/api/v1/inpaint", json=body)

    def run(self, case: Case, image: bytes, mask: bytes) -> Image.Image:
        self.use(case.model)
        self.seen.clear()
        if case.level == API:
            text = {"image": base64.b64encode(image).decode(), "mask": base64.b64encode(mask).decode()}
            response = asyncio.run(self.post({**text, **case.options}))
            assert response.status_code == 200, (case.name, response.text)
            return Image.open(io.BytesIO(response.content))
        from iopaint.schema import InpaintRequest

        image_values = np.array(Image.open(io.BytesIO(image)))
        mask_values = np.array(Image.open(io.BytesIO(mask)))
        result = self.api.model_manager(image_values, mask_values, InpaintRequest(**case.options))
        return Image.fromarray(np.ascontiguousarray(result[:, :, ::-1]))


def take_torchscript_as_mat() -> None:
    """Replaces MAT's network, whose weights are a state dict, by a TorchScript file in IOPaint."""
    from iopaint.helper import get_cache_path_by_url
    from iopaint.model import mat

    def init_model(self, device, **_kwargs) -> None:
        network = torch.jit.load(get_cache_path_by_url(mat.MAT_MODEL_URL), map_location=device).eval()
        self.torch_dtype = torch.float32
        self.z = self.label = None
        self.model = lambda image, kept, *_rest, **_more: network(image, kept)

    mat.MAT.init_model = init_model


def main() -> None:
    (target,) = script_paths(__doc__, "target")
    for folder in ("inputs", "expected", "forwards", "models"):
        shutil.rmtree(target / folder, ignore_errors=True)
        (target / folder).mkdir(parents=True)
    for name, model in standin.models().items():
        standin.save(model, target / "models" / name)
    with tempfile.TemporaryDirectory() as cache:
        checkpoints = Path(cache) / "torch" / "hub" / "checkpoints"
        checkpoints.mkdir(parents=True)
        for files in MODELS.values():
            for ours, theirs in files.items():
                shutil.copy(target / "models" / ours, checkpoints / theirs)
        os.environ.update(XDG_CACHE_HOME=cache, HF_HUB_OFFLINE="1", HF_HOME=cache)
        os.environ.pop("TORCH_HOME", None)
        take_torchscript_as_mat()
        write(target, Yardstick())


def write(target: Path, yardstick: Yardstick) -> None:
    files = inputs()
    stored: dict[bytes, str] = {}
    used: set[str] = set()
    listed = []

    def forward_file(values: np.ndarray) -> str:
        data = draw.png(Image.fromarray(values))
        name = stored.setdefault(data, f"forwards/{len(stored):03}.png")
        (target / name).write_bytes(data)
        return name

    for case in cases():
        result = yardstick.run(case, files[case.image], files[case.mask])
        used |= {case.image, case.mask}
        expected = f"expected/{case.name}.png"
        (target / expected).write_bytes(draw.png(Image.fromarray(np.array(result))))
        entry = {
            "name": case.name,
            "level": case.level,
            "model": case.model,
            "image": f"inputs/{case.image}",
            "mask": f"inputs/{case.mask}",
            "mask_threshold": 128 if case.level == API else None,
            "options": case.options,
            "expected": expected,
            "expected_format": result.format or "PNG",
            "expected_mode": result.mode,
            "ran": len(yardstick.seen),
        }
        if case.forwards:
            names = ("image", "mask", "result")
            entry["forwards"] = [
                dict(zip(names, map(forward_file, forward), strict=True)) for forward in yardstick.seen
            ]
        listed.append(entry)
    for name in used:
        (target / "inputs" / name).write_bytes(files[name])
    (target / "cases.json").write_text(
        json.dumps(
            {
                "made_by": "IOPaint 1.6.0",
                "models": {name: [f"models/{ours}" for ours in files] for name, files in MODELS.items()},
                "cases": listed,
            },
            indent=1,
        )
        + "\n"
    )
    (target / "contours.json").write_text(json.dumps(contours(), separators=(",", ":")) + "\n")
    print(f"{len(listed)} cases, {sum(f.stat().st_size for f in target.rglob('*') if f.is_file())} bytes")


if __name__ == "__main__":
    main()
