"""Inputs and requests of the goldens that make_goldens.py creates."""

from dataclasses import dataclass, field

import pictures as draw
from PIL import Image

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
    for name, options in (("whole", original()), ("crop", crop(100, 11)), ("resize", resize(80))):
        small(f"ldm-{name}", "parts", options, tame, model="ldm")
    for steps, sampler in ((1, "plms"), (2, "plms"), (4, "ddim"), (30, "plms"), (30, "ddim"), (200, "ddim")):
        small(f"ldm-{sampler}-{steps}", "disc", original(ldm_steps=steps, ldm_sampler=sampler), tame, model="ldm")
    small("ldm-not-kept", "parts", original(sd_keep_unmasked_area=False), tame, model="ldm")
    out.append(Case("ldm-517x389", "tame-517x389.png", "mask-ring-517x389.png", model="ldm"))
    for name, mask, options in (
        ("whole", "parts", original()),
        ("crop", "parts", crop(100, 11)),
        ("resize", "parts", resize(80)),
        ("edges", "edges", original()),
        ("not-kept", "parts", original(sd_keep_unmasked_area=False)),
        ("no-wireframe", "parts", original(zits_wireframe=False)),
    ):
        small(f"zits-{name}", mask, options, tame, model="zits")
    out.append(Case("zits-512", "rgb-512.png", "mask-stroke-512.png", model="zits"))
    # The padded sides are 544, 704, 256 and 928 pixels.
    out.append(Case("zits-517x389", "tame-517x389.png", "mask-ring-517x389.png", model="zits"))
    out.append(
        Case(
            "zits-517x389-no-wireframe",
            "tame-517x389.png",
            "mask-ring-517x389.png",
            {"zits_wireframe": False},
            model="zits",
        )
    )
    out.append(Case("zits-33x700", "rgb-33x700.png", "mask-stroke-33x700.png", model="zits"))
    out.append(Case("zits-9x17", "rgb-9x17.png", "mask-disc-9x17.png", model="zits"))
    out.append(Case("zits-900x640", "tame-900x640.png", "mask-edges-900x640.png", original(), model="zits"))
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
