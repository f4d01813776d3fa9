#!/usr/bin/env python3
"""Runs the examples of docs/api.md against a server and reports failures.

    scripts/run_api_examples.py [--binary target/release/iopaint] [--document docs/api.md]

Every fenced block that begins with `sh` is run by bash in a folder with the files that the page uses; curl fails on an
HTTP error. A block that begins with `sh status=422` must end in that status instead. The page's port 8080 is a server with
folders, port 8081 one with `--input photo.jpg`, port 8082 one that requires `$KEY`. Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures"
STAND_IN = FIXTURES / "goldens" / "models" / "lama.pt"
KEY = "the-key-of-the-examples-0123456789"
# The size of both is 150 x 101.
PHOTO = FIXTURES / "examples" / "photo.jpg"
MASK = FIXTURES / "goldens" / "inputs" / "mask-disc-150x101.png"
# A mask of another size, and a scan with the orientation 6.
SMALL_MASK = FIXTURES / "cases" / "mask-97x75.png"
SCAN = FIXTURES / "cases" / "page-tiff-orientation6.tif"


@dataclass
class Example:
    """A fenced block: its position, its commands, and the expected HTTP status if that is an error."""

    line: int
    commands: str
    status: int | None


def examples(text: str) -> list[Example]:
    """Returns the executable fenced blocks of a page."""
    found = []
    for block in re.finditer(r"^```sh(?: status=(\d+))?\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, block.start()) + 1
        status = int(block.group(1)) if block.group(1) else None
        found.append(Example(line, block.group(2), status))
    return found


def run(example: Example, folder: Path, ports: dict[str, str]) -> str | None:
    """Runs a block; returns the failure, or None."""
    commands = example.commands
    for written, actual in ports.items():
        commands = commands.replace(f"127.0.0.1:{written}", f"127.0.0.1:{actual}")
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env={**os.environ, "CURL_HOME": str(folder), "KEY": KEY},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
    )
    if example.status is None and result.returncode != 0:
        return f"exit code {result.returncode}: {result.stderr.strip()} {result.stdout.strip()[:500]}"
    if example.status is not None and f"error: {example.status}" not in result.stderr:
        return f"not {example.status}: {result.stderr.strip() or 'success'}"
    return None


@contextlib.contextmanager
def server(binary: Path, models: Path, *flags: str) -> Iterator[str]:
    """Runs a server; provides its port."""
    command = [str(binary), "start", "--port", "0", "--local-files-only", "--model-dir", str(models), *flags]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not (address := re.search(r"http://127\.0\.0\.1:(\d+)", line)):
            sys.exit(f"the server did not start: {line!r}")
        port = address.group(1)
        ready = ["curl", "--fail", "--silent", "--retry", "60", "--retry-delay", "1", "--output", os.devnull]
        subprocess.run([*ready, f"http://127.0.0.1:{port}/readyz"], check=True)
        yield port
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    """Runs all blocks; returns 0 if none failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "iopaint")
    parser.add_argument("--document", type=Path, default=ROOT / "docs" / "api.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        for sub in ("models", "photos", "results"):
            (folder / sub).mkdir()
        shutil.copy(STAND_IN, folder / "models" / "big-lama.pt")
        for target in ("photo.jpg", "photos/photo.jpg"):
            shutil.copy(PHOTO, folder / target)
        shutil.copy(MASK, folder / "mask.png")
        shutil.copy(SMALL_MASK, folder / "small-mask.png")
        shutil.copy(SCAN, folder / "scan.tif")
        flags = ("--input", str(folder / "photos"), "--output-dir", str(folder / "results"))
        binary, models = arguments.binary.resolve(), folder / "models"
        failures = 0
        with (
            server(binary, models, *flags) as first,
            server(binary, models, "--input", str(folder / "photo.jpg")) as second,
            server(binary, models, "--api-key", KEY) as third,
        ):
            blocks = examples(arguments.document.read_text())
            for block in blocks:
                if problem := run(block, folder, {"8080": first, "8081": second, "8082": third}):
                    failures += 1
                    print(f"{arguments.document}:{block.line}: {problem}")
        print(f"{len(blocks) - failures} passed, {failures} failed")
    return 1 if failures or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
