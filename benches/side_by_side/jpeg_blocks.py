#!/usr/bin/env python3
"""Compares block-wise editing of large JPEGs with complete encoding, in time, peak memory and size.

Starts the server twice per file, without and with `--quality 100`, and sends the same request to both in turns. Prints
medians. Photographs are the test photographs, tiled; the model is `cv2`, whose time is small.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import statistics
import tempfile
from pathlib import Path

from pictures import encoded, hole, photo
from servers import body, running

ROOT = Path(__file__).resolve().parents[2]

SIZES = {"12 MP": (4000, 3000), "24 MP": (6000, 4000)}
# Layouts as arguments of Pillow's encoder.
LAYOUTS = {
    "4:2:0": {"subsampling": 2},
    "4:4:4": {"subsampling": 0},
    "4:2:0 progressive": {"subsampling": 2, "progressive": True},
}
HOLE_PX = 100
FLAGS = {"blocks": [], "complete": ["--quality", "100"]}


def jpeg(size: tuple[int, int], layout: dict) -> bytes:
    """Returns a photograph as JPEG of quality 85."""
    file = io.BytesIO()
    photo(*size).save(file, "JPEG", quality=85, **layout)
    return file.getvalue()


def main() -> None:
    """Measures all sizes and layouts and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", default=str(ROOT / "target/dist/iopaint"))
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    command = [arguments.binary, "start", "--model", "cv2", "--local-files-only"]
    print("| file | complete encoding | blocks | ratio | peak memory | | size of the result | |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size_name, size in SIZES.items():
        mask = encoded(hole(*size, HOLE_PX), "PNG")
        for layout_name, layout in LAYOUTS.items():
            file = jpeg(size, layout)
            request = body(base64.b64encode(file).decode(), mask)
            seconds: dict[str, list[float]] = {name: [] for name in FLAGS}
            results: dict[str, int] = {}
            with contextlib.ExitStack() as stack:
                logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                servers = {
                    name: stack.enter_context(running(name, [*command, *flags], logs / f"{name}.log", "/readyz"))
                    for name, flags in FLAGS.items()
                }
                for _ in range(arguments.rounds + 1):
                    for name, server in servers.items():
                        duration, answer = server.inpaint(request)
                        seconds[name].append(duration)
                        results[name] = len(answer)
                peaks = {name: server.memory()["peak"] for name, server in servers.items()}
            # The first request of each server loads code and grows its memory.
            before, now = (statistics.median(seconds[name][1:]) for name in ("complete", "blocks"))
            print(
                f"| {size_name}, {layout_name}, {len(file) / 1e6:.2f} MB | {before:.3f} s | {now:.3f} s | {now / before:.2f} "
                f"| {peaks['complete']:.0f} MB | {peaks['blocks']:.0f} MB "
                f"| {results['complete'] / 1e6:.2f} MB | {results['blocks'] / 1e6:.2f} MB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
