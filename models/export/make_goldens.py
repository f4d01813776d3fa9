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
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pictures as draw
import standin
from PIL import Image

# Name -> the stand-ins' files and their names in a model folder.
MODELS = {
    "lama": {"lama.pt": "big-lama.pt"},
    "anime-lama": {"probe.pt": "anime-manga-big-lama.pt"},
    "cv2": {},
    "migan": {"migan.pt": "migan_traced.pt"},
    "manga": {"manga-inpaintor.pt": "manga_inpaintor.jit", "manga-lines.pt": "erika.jit"},
    "mat": {"mat.pt": "Places_512_FullData_G.pth"},
}
API, PIPELINE = "api", "pipeline"


@dataclass
class Case:
    name: str
    image: str
    mask: str
    options: dict = field(default_factory=dict)
    model: str = "lama"
    level: str = API
    forwards: bool = False  # records the network's inputs and outputs, for a test without it


def original(**more) -> dict:
    return {"hd_strategy": "Original", **more}


def resize(limit: int, **more) -> dict:
    return {"hd_strategy": "Resize", "hd_strategy_resize_limit": limit, **more}


def crop(trigger: int, margin: int, **more) -> dict:
    return {
        "hd_strategy": "Crop",
        "hd_strategy_crop_trigger_size": trigger,
        "hd_strategy_crop_margin": margin,
        **more,
    }


def inputs() -> dict[str, bytes]:
    """Returns file name -> bytes of every image and mask."""
    files: dict[str, bytes] = {}

    def image(name: str, *size_and_seed: int, **more) -> Image.Image:
        drawn = draw.picture(*size_and_seed, **more)
        files[f"{name}.png"] = draw.png(drawn)
        return drawn

    image("rgb-512", 512, 512, 1)
    small = image("rgb-150x101", 150, 101, 2)
    image("rgb-240x161", 240, 161, 6)
    # Scaling must stay in 0..255: the original wraps around.
    image("tame-150x101", 150, 101, 3, low=70, high=185)
    image("tame-517x389", 517, 389, 4, low=70, high=185)
    image("rgb-900x640", 900, 640, 5)
    image("tame-900x640", 900, 640, 7, low=70, high=185)
    image("rgb-801x60", 801, 60, 14)
    image("rgb-60x1000", 60, 1000, 15)
    for number, (width, height) in enumerate(((517, 389), (63, 64), (16, 16), (9, 17), (17, 9), (33, 700))):
        image(f"rgb-{width}x{height}", width, height, 20 + number)
    files["rgba-150x101.png"] = draw.png(draw.with_alpha(small))
    files["gray-150x101.png"] = draw.png(small.convert("L"))
    files["bits-150x101.png"] = draw.png(small.convert("1"))
    files["palette-150x101.png"] = draw.png(small.convert("P", palette=Image.Palette.ADAPTIVE, colors=64))
    files["rgb-150x101.bmp"] = draw.encoded(small, "BMP")
    files["rgb-150x101.tiff"] = draw.encoded(small, "TIFF")
    for orientation in range(1, 9):
        files[f"orientation-{orientation}.png"] = draw.png(draw.picture(61, 43, 30), orientation)

    masks = {
        "disc": draw.disc,
        "dot": draw.dot,
        "stroke": draw.stroke,
        "ring": draw.ring,
        "parts": draw.parts,
        "edges": draw.edges,
        "soft": draw.soft,
        "empty": draw.blank,
        "full": lambda width, height: draw.blank(width, height, 255),
    }
    sizes = {
        "150x101": masks.keys(),
        "240x161": ("parts", "edges"),
        "512": ("stroke",),
        "517x389": ("disc", "ring"),
        "900x640": ("parts", "ring", "empty", "edges"),
        "801x60": ("edges",),
        "60x1000": ("parts",),
        "63x64": ("disc", "full"),
        "16x16": ("disc", "full"),
        "9x17": ("disc", "full"),
        "17x9": ("disc",),
        "33x700": ("stroke",),
        "61x43": ("disc",),
        "43x61": ("disc",),
    }
    for size, names in sizes.items():
        width, _, height = size.partition("x")
        for name in names:
            files[f"mask-{name}-{size}.png"] = draw.png(masks[name](int(width), int(height or width)))
    stroke = draw.stroke(150, 101)
    files["mask-yellow-150x101.png"] = draw.png(draw.yellow(stroke))
    files["mask-rgb-150x101.png"] = draw.png(draw.soft(150, 101).convert("RGB"))
    files["mask-bits-150x101.png"] = draw.png(stroke.convert("1"))
    files["mask-turned-150x101.png"] = draw.png(stroke.transpose(Image.Transpose.ROTATE_90), 6)
    return files


def cases() -> list[Case]:
    out: list[Case] = []

    def small(name: str, mask: str, options: dict, image: str = "rgb-150x101.png", **more) -> None:
        out.append(Case(name, image, f"mask-{mask}-150x101.png", options, **more))

    # Mask shapes, whole and cropped; the second model doesn't composite, which shows the known pixels.
    for shape in ("disc", "dot", "stroke", "ring", "parts", "edges", "soft", "empty", "full"):
        small(f"whole-{shape}", shape, original(), forwards=shape in ("ring", "edges", "full"))
        small(f"crop-{shape}", shape, crop(100, 11), model="anime-lama", forwards=True)
    for margin in (0, 1, 12, 40, 500):
        for shape in ("parts", "edges"):
            out.append(
                Case(
                    f"crop-{shape}-margin-{margin}",
                    "rgb-240x161.png",
                    f"mask-{shape}-240x161.png",
                    crop(239, margin),
                    model="anime-lama",
                    forwards=True,
                )
            )
    small("crop-lama", "parts", crop(64, 20))
    small("crop-at-the-trigger", "parts", crop(150, 11), model="anime-lama", forwards=True)
    small("crop-margin-0-dot-in-ring", "ring", crop(1, 0), model="anime-lama")
    # Pixels outside the hole are the model's.
    for name, options in (("whole", original()), ("crop", crop(100, 11))):
        for model in ("lama", "anime-lama"):
            small(
                f"{name}-not-kept-{model}",
                "parts",
                {**options, "sd_keep_unmasked_area": False},
                model=model,
                forwards=model == "anime-lama",
            )
    # Reduced size.
    tame = "tame-150x101.png"
    for shape in ("disc", "parts", "edges", "full", "empty"):
        small(f"resize-{shape}", shape, resize(80), tame, model="anime-lama", forwards=True)
    small("resize-lama", "stroke", resize(100), tame)
    small("resize-to-24", "disc", resize(24), tame, model="anime-lama", forwards=True)
    small("resize-at-the-limit", "disc", resize(150), tame, model="anime-lama", forwards=True)
    small("resize-by-one", "disc", resize(149), tame, model="anime-lama", forwards=True)
    small("resize-not-kept", "disc", resize(80, sd_keep_unmasked_area=False), tame, model="anime-lama", forwards=True)
    out.append(Case("resize-517x389", "tame-517x389.png", "mask-ring-517x389.png", resize(333)))
    # Unthresholded masks with intermediate values, which the pipeline supports but the API doesn't produce.
    for name, options in (("whole", original()), ("crop", crop(100, 11)), ("resize", resize(80))):
        small(f"{name}-soft-unthresholded", "soft", options, tame, model="anime-lama", level=PIPELINE, forwards=True)
    # Sizes.
    out.append(Case("size-512", "rgb-512.png", "mask-stroke-512.png"))
    for size in ("517x389", "63x64", "16x16", "9x17", "17x9"):
        out.append(Case(f"size-{size}", f"rgb-{size}.png", f"mask-disc-{size}.png", forwards=size != "517x389"))
    for size in ("63x64", "16x16", "9x17"):
        out.append(Case(f"size-{size}-full", f"rgb-{size}.png", f"mask-full-{size}.png", model="anime-lama"))
    out.append(Case("size-33x700", "rgb-33x700.png", "mask-stroke-33x700.png"))
    for shape in ("parts", "ring", "empty"):
        out.append(Case(f"size-900x640-{shape}", "rgb-900x640.png", f"mask-{shape}-900x640.png"))
    out.append(Case("size-801x60", "rgb-801x60.png", "mask-edges-801x60.png"))
    out.append(Case("size-60x1000", "rgb-60x1000.png", "mask-parts-60x1000.png", model="anime-lama"))
    # Other models.
    for name, options in (("whole", original()), ("crop", crop(100, 11)), ("resize", resize(80))):
        for model in ("cv2", "manga"):
            small(f"{model}-{name}", "parts", options, tame, model=model)
    small("cv2-telea", "edges", crop(100, 11, cv2_flag="INPAINT_TELEA", cv2_radius=9), model="cv2")
    small("manga-not-kept", "parts", original(sd_keep_unmasked_area=False), tame, model="manga")
    out.append(Case("manga-517x389", "tame-517x389.png", "mask-ring-517x389.png", model="manga"))
    for model in ("migan", "mat"):
        small(f"{model}-small", "parts", {}, tame, model=model)
        small(f"{model}-not-kept", "parts", {"sd_keep_unmasked_area": False}, tame, model=model)
        out.append(Case(f"{model}-512", "rgb-512.png", "mask-stroke-512.png", model=model))
    # Context is clipped at the edges, and the region runs at reduced size.
    out.append(Case("migan-517x389", "tame-517x389.png", "mask-ring-517x389.png", model="migan"))
    out.append(Case("migan-900x640", "tame-900x640.png", "mask-edges-900x640.png", model="migan"))
    out.append(Case("migan-empty", "rgb-900x640.png", "mask-empty-900x640.png", model="migan"))
    out.append(Case("mat-900x640", "rgb-900x640.png", "mask-parts-900x640.png", model="mat"))
    # Modes and file formats of the image; clients' mask formats.
    for mode in (
        "rgba-150x101.png",
        "gray-150x101.png",
        "bits-150x101.png",
        "palette-150x101.png",
        "rgb-150x101.bmp",
        "rgb-150x101.tiff",
    ):
        small("image-" + mode.replace("-150x101.", "-"), "stroke", {}, mode)
    for kind in ("yellow", "rgb", "bits", "turned"):
        small(f"mask-{kind}", kind, {})
    small("rgba-crop", "parts", crop(100, 11), "rgba-150x101.png")
    for orientation in range(1, 9):
        size = "61x43" if orientation < 5 else "43x61"
        out.append(Case(f"orientation-{orientation}", f"orientation-{orientation}.png", f"mask-disc-{size}.png"))
    return out


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
    import torch
    from iopaint.helper import get_cache_path_by_url
    from iopaint.model import mat

    def init_model(self, device, **_kwargs) -> None:
        network = torch.jit.load(get_cache_path_by_url(mat.MAT_MODEL_URL), map_location=device).eval()
        self.torch_dtype = torch.float32
        self.z = self.label = None
        self.model = lambda image, kept, *_rest, **_more: network(image, kept)

    mat.MAT.init_model = init_model


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
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
