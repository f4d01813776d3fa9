#!/usr/bin/env python3
"""Makes the pictures of docs/plugins.md from the test photographs with a real server. Needs Pillow."""

from __future__ import annotations

import argparse
import base64
import io
import json
import sys
import urllib.request
from pathlib import Path

from gallery import PHOTOS, ROOT, inpaint, start
from PIL import Image, ImageDraw, ImageFont

GAP = 8
HEIGHT = 300
SELECTED = (255, 203, 0)


def post(address: str, route: str, **fields: object) -> bytes:
    """Posts JSON; images are sent as base64."""
    data = {key: encoded(value) if isinstance(value, Image.Image) else value for key, value in fields.items()}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/{route}", json.dumps(data).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return response.read()


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def encoded(image: Image.Image) -> str:
    return base64.b64encode(png(image)).decode()


def decoded(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def photo(name: str) -> Image.Image:
    return Image.open(PHOTOS / f"{name}.png").convert("RGB")


def tinted(image: Image.Image, mask: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """Returns the image with the mask in a translucent colour."""
    marked = image.copy()
    marked.paste(colour, (0, 0), mask.point([value * 6 // 10 for value in range(256)]))
    return marked


def on_checks(cut_out: Image.Image, side: int = 16) -> Image.Image:
    """Returns an image with alpha on a checkerboard."""
    below = Image.new("RGB", cut_out.size, "white")
    draw = ImageDraw.Draw(below)
    for y in range(0, below.height, side):
        for x in range(y // side % 2 * side, below.width, 2 * side):
            draw.rectangle((x, y, x + side - 1, y + side - 1), fill=(215, 215, 215))
    below.paste(cut_out, (0, 0), cut_out)
    return below


def strip(path: Path, images: list[Image.Image], resample: Image.Resampling = Image.Resampling.LANCZOS) -> None:
    """Writes images side by side, scaled to the same height, as JPEG."""
    scaled = [image.resize((round(image.width * HEIGHT / image.height), HEIGHT), resample) for image in images]
    sheet = Image.new("RGB", (sum(image.width + GAP for image in scaled) - GAP, HEIGHT), "white")
    left = 0
    for image in scaled:
        sheet.paste(image, (left, 0))
        left += image.width + GAP
    sheet.save(path, quality=85, optimize=True)
    print(path, path.stat().st_size)


def selection(address: str, folder: Path) -> None:
    image, (x, y) = photo("air-balloon"), (256, 240)
    prompt = {"name": "InteractiveSeg", "clicks": [[x, y, 1]]}
    selected = decoded(post(address, "run_plugin_gen_mask", image=image, **prompt)).getchannel("A")
    mask = selected.point([0] + 255 * [255])
    clicked = tinted(image, mask, SELECTED)
    for radius, colour in ((13, "white"), (9, (30, 110, 230))):
        ImageDraw.Draw(clicked).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    erased, _, _ = inpaint(address, png(image), png(mask))
    strip(folder / "select.jpg", [image, clicked, decoded(erased).convert("RGB")])


def cut_out(address: str, folder: Path) -> None:
    image = photo("sunflower")
    result = decoded(post(address, "run_plugin_gen_image", name="RemoveBG", image=image)).convert("RGBA")
    strip(folder / "cut-out.jpg", [image, on_checks(result)])


def text(address: str, folder: Path) -> None:
    image = photo("dog")
    draw = ImageDraw.Draw(image)
    large, small = (ImageFont.load_default(size) for size in (64, 26))
    draw.text((256, 48), "Happy birthday!", "white", large, "mm", stroke_width=2, stroke_fill=(20, 60, 120))
    draw.text((500, 490), "© 2026 Example Studio", (255, 220, 60), small, "rs")
    found = json.loads(post(address, "detect", image=image))
    mask = decoded(base64.b64decode(found["mask"])).convert("L")
    erased, _, _ = inpaint(address, png(image), png(mask))
    strip(folder / "text.jpg", [image, tinted(image, mask, (255, 0, 80)), decoded(erased).convert("RGB")])


def upscaling(address: str, folder: Path) -> None:
    # The photograph is reduced first: the network is trained for images of low resolution.
    image = photo("parrot").resize((170, 170), Image.Resampling.LANCZOS).crop((0, 10, 100, 85))
    result = decoded(post(address, "upscale", image=image, scale=4)).convert("RGB")
    strip(folder / "upscale.jpg", [image.resize(result.size, Image.Resampling.NEAREST), result])


def main() -> None:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target" / "release" / "iopaint"))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "plugins")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    server, address = start(arguments.binary, "lama-patches", ["--local-files-only"])
    try:
        for make in (selection, cut_out, text, upscaling):
            make(address, arguments.out)
    finally:
        server.terminate()
        if server.wait(timeout=60) != 0:
            sys.exit("the server failed")


if __name__ == "__main__":
    main()
