#!/usr/bin/env python3
"""Collects the libraries that a program linked against libtorch loads.

A library of libtorch's folder is included if the program or another included library depends on it. Libraries opened by
name at run time aren't found that way: of a libtorch for CUDA the whole folder is included, since CUDA's libraries
open each other. Libraries outside libtorch's folder belong to the system.

`stage` lays out a release: TARGET/bin/<binary> and TARGET/lib. The command stages the libraries alone, without a program:
libtorch_cpu.so and its dependencies. An image keeps them in a separate layer, which an edit of the program doesn't
change.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CUDA_LIBRARY = "libtorch_cuda.so"


class StageError(Exception):
    """An error with a sentence for the user."""


def needed_by(file: Path) -> list[str]:
    """Returns the names of the libraries that a program or library depends on."""
    command = ["otool", "-L", str(file)] if sys.platform == "darwin" else ["readelf", "--dynamic", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise StageError(f"There is no {command[0]}; it comes with the C compiler.") from error
    except subprocess.CalledProcessError as error:
        raise StageError(f"{file} is no program or library: {error.stderr.strip()}") from error
    if sys.platform == "darwin":
        return re.findall(r"^\s+@rpath/(\S+)", done.stdout, re.MULTILINE)
    return re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", done.stdout)


def closure(binary: Path, libraries: Path, needed: Callable[[Path], list[str]] = needed_by) -> list[str]:
    """Returns the names of the files in `libraries` that `binary` can load, sorted."""
    present = {path.name for path in libraries.iterdir() if ".so" in path.name or path.suffix == ".dylib"}
    if CUDA_LIBRARY in present:
        return sorted(present)
    taken: set[str] = set()
    waiting = [binary]
    while waiting:
        for name in needed(waiting.pop()):
            if name in present and name not in taken:
                taken.add(name)
                waiting.append(libraries / name)
    return sorted(taken)


def stage(binary: Path, libraries: Path, target: Path) -> list[str]:
    """Copies the binary and its libraries; links become files, so that the folder can be moved anywhere."""
    names = closure(binary, libraries)
    if not names:
        raise StageError(f"{binary} loads nothing from {libraries}; is it built against another libtorch?")
    for folder in (target / "bin", target / "lib"):
        folder.mkdir(parents=True, exist_ok=True)
    copies = [(binary, target / "bin" / binary.name)]
    copies += [(libraries / name, target / "lib" / name) for name in names]
    for source, copy in copies:
        shutil.copyfile(source, copy)
        os.chmod(copy, 0o755)
    return names


def link_libraries(libraries: Path, target: Path) -> list[str]:
    """Puts hard links to the libraries into `target`; copies would be gigabytes for CUDA. Returns their names."""
    root = libraries / "libtorch_cpu.so"
    names = sorted({root.name, *closure(root, libraries)})
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        source = (libraries / name).resolve()
        os.chmod(source, 0o755)
        os.link(source, target / name)
    return names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path, help="libtorch's lib folder")
    parser.add_argument("target", type=Path, help="a folder on the same file system")
    options = parser.parse_args()
    try:
        names = link_libraries(options.libraries, options.target)
    except (StageError, OSError) as error:
        print(f"stage_runtime: {error}", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.target.iterdir())
    print(f"{options.target}: {', '.join(names)}; {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
