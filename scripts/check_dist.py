#!/usr/bin/env python3
"""Tests a release's archive: unpacked in another folder, with an empty environment and an empty home folder.

The binary must load every library of libtorch from its own lib/, and fill an image with the built-in model.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INPUTS = ROOT / "tests" / "fixtures" / "goldens" / "inputs"
EXPECTED = [
    "LICENSE",
    "NOTICE",
    "licences/third-party.txt",
    "share/man/man1/iopaint.1",
    "share/man/man1/iopaint-run.1",
    "share/bash-completion/completions/iopaint",
    "share/zsh/site-functions/_iopaint",
    "share/fish/vendor_completions.d/iopaint.fish",
]

sys.path[:0] = [str(Path(__file__).resolve().parent)]
import dist  # noqa: E402


class Fault(Exception):
    """A fault of the archive."""


def check_sum(archive: Path) -> None:
    """Checks the hash and name in the `.sha256` file."""
    digest, name = archive.with_name(archive.name + ".sha256").read_text(encoding="utf-8").split()
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if (digest, name) != (found, archive.name):
        raise Fault(f"its SHA-256 is {found}, not {digest}")


def unpack(archive: Path, target: Path) -> Path:
    """Unpacks the archive; returns its top-level folder."""
    import zstandard

    with archive.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            tar.extractall(target, filter="data")
    folders = list(target.iterdir())
    if len(folders) != 1 or not folders[0].is_dir():
        raise Fault(f"it doesn't hold one folder but {[folder.name for folder in folders]}")
    return folders[0]


def check_files(folder: Path) -> None:
    """Checks that all files exist and aren't empty."""
    for name in EXPECTED:
        path = folder / name
        if not path.is_file() or path.stat().st_size == 0:
            raise Fault(f"there is no {name}")


def check_libraries(folder: Path) -> None:
    """Checks the loader's choices: libtorch from lib/, all others from the system's folders."""
    if sys.platform != "linux":
        return
    listing = run(folder, "/usr/bin/env", "ldd", str(folder / "bin" / "iopaint"))
    missing = re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)
    if missing:
        raise Fault(f"{', '.join(missing)} can't be found")
    paths = [Path(path) for path in re.findall(r"=> (/.+) \(0x[0-9a-f]+\)$", listing, re.MULTILINE)]
    own = {path.name for path in paths if path.resolve().parent == (folder / "lib").resolve()}
    there = {path.name for path in (folder / "lib").iterdir()}
    if own != there:
        raise Fault(f"the binary loads {sorted(own)} from lib/, which holds {sorted(there)}")
    system = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/usr/local/lib/")
    foreign = [str(path) for path in paths if path.name not in own and not str(path).startswith(system)]
    if foreign:
        raise Fault(f"the binary loads {', '.join(foreign)}")


def check_search_path(folder: Path) -> None:
    """Checks that the binary's search path is lib/ only."""
    if sys.platform != "linux":
        return
    listing = run(folder, "/usr/bin/env", "readelf", "--dynamic", str(folder / "bin" / "iopaint"))
    paths = re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", listing)
    if paths != ["$ORIGIN/../lib"]:
        raise Fault(f"the binary looks for libraries in {paths}")


def check_binary(folder: Path) -> None:
    """Checks that the binary starts and fills an image."""
    binary = str(folder / "bin" / "iopaint")
    if "lama-mini" not in run(folder, binary, "list").splitlines():
        raise Fault("the built-in model is not in its list")
    image, mask = INPUTS / "rgb-150x101.png", INPUTS / "mask-disc-150x101.png"
    paths = ["--image", str(image), "--mask", str(mask), "--output", str(folder / "results")]
    run(folder, binary, "run", "--model", "lama-mini", "--local-files-only", *paths)
    result = folder / "results" / image.name
    if not result.is_file() or result.read_bytes() == image.read_bytes():
        raise Fault("it didn't fill a picture")


def run(folder: Path, *command: str) -> str:
    """Runs a command with an empty environment and an empty home; returns its output."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    env = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=env, cwd=home, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Fault(f"{Path(command[0]).name} {' '.join(command[1:3])} fails: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    options = parser.parse_args()
    try:
        dist.install_tools()
        check_sum(options.archive)
        with tempfile.TemporaryDirectory() as work:
            folder = unpack(options.archive, Path(work)).rename(Path(work) / "moved here")
            check_files(folder)
            check_libraries(folder)
            check_search_path(folder)
            check_binary(folder)
    except (Fault, OSError, subprocess.CalledProcessError) as error:
        print(f"check_dist: {options.archive.name}: {error}", file=sys.stderr)
        return 1
    print(f"check_dist: {options.archive.name} runs from where it is unpacked")
    return 0


if __name__ == "__main__":
    sys.exit(main())
