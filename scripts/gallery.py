#!/usr/bin/env python3
"""Fills holes in the test photographs with a real server and writes a page of before, mask and after."""

from __future__ import annotations

import argparse
import html
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PHOTOS = ROOT / "tests" / "fixtures" / "photos"
BOUNDARY = "a-boundary-that-no-picture-holds"

STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; background: #fafafa; color: #222 }
figure { display: grid; grid-template-columns: repeat(3, 1fr); gap: .5rem; margin: 0 0 2rem }
figcaption { grid-column: 1 / -1; font-weight: 600 }
img { width: 100%; display: block }
"""


def start(binary: str, model: str, more: list[str]) -> tuple[subprocess.Popen[str], str]:
    """Starts a server on a free port; returns it and its address."""
    server = subprocess.Popen(
        [binary, "start", "--port", "0", "--model", model, *more], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    line = server.stdout.readline().strip()
    if not line.startswith("Listening on "):
        server.kill()
        sys.exit(f"the server did not start: {line!r}")
    return server, line.removeprefix("Listening on ")


def inpaint(address: str, photo: bytes, mask: bytes) -> tuple[bytes, str, float]:
    """Returns the result, the model and the duration in seconds."""
    body = b""
    for name, content in (("image", photo), ("mask", mask)):
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.png"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    body += f"--{BOUNDARY}--\r\n".encode()
    request = urllib.request.Request(
        f"{address}/api/v1/inpaint",
        data=body,
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    )
    began = time.monotonic()
    with urllib.request.urlopen(request) as response:
        return response.read(), response.headers["X-Inpaint-Model"], time.monotonic() - began


def main() -> None:
    """Writes build/gallery/index.html."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target" / "release" / "iopaint"))
    parser.add_argument("--model", default="lama-mini")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "gallery")
    arguments, more = parser.parse_known_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    server, address = start(arguments.binary, arguments.model, more)
    figures = []
    try:
        for mask in sorted(PHOTOS.glob("*.mask.png")):
            name = mask.name.removesuffix(".mask.png")
            photo = PHOTOS / f"{name}.png"
            result, model, seconds = inpaint(address, photo.read_bytes(), mask.read_bytes())
            (arguments.output / f"{name}.after.png").write_bytes(result)
            for source in (photo, mask):
                shutil.copy(source, arguments.output)
            images = "".join(
                f'<img src="{html.escape(file)}" alt="{html.escape(file)}">'
                for file in (photo.name, mask.name, f"{name}.after.png")
            )
            caption = f"{html.escape(name)}: {html.escape(model)}, {seconds:.1f} s"
            figures.append(f"<figure><figcaption>{caption}</figcaption>{images}</figure>")
            print(caption)
    finally:
        server.terminate()
        server.wait()
    page = f"<!doctype html><meta charset=utf-8><title>Gallery</title><style>{STYLE}</style>{''.join(figures)}"
    (arguments.output / "index.html").write_text(page)
    print(f"{arguments.output / 'index.html'}")


if __name__ == "__main__":
    main()
