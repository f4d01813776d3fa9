#!/usr/bin/env python3
"""Fetches libtorch and configures cargo for it.

Sources of libtorch, in this order:

1. the folder in the environment variable LIBTORCH;
2. the shared cache, ``$XDG_CACHE_HOME/iopaint/libtorch/<version>-<variant>``;
3. PyTorch's own archive of libtorch;
4. for the CPU and for CUDA 12.6: the wheel ``torch`` from pip's configured package index. Only its libraries and
   headers are kept. For CUDA 12.6, CUDA's libraries come from NVIDIA's wheels.

The folder's path is written to ``.cargo/config.toml``, which git ignores, so that plain cargo and editors find it.
Only Python's standard library is needed.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import fnmatch
import functools
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fetch  # noqa: E402

VERSION = "2.7.0"
ARCHIVES = "https://download.pytorch.org/libtorch"
VARIANTS = ("cpu", "cu118", "cu126", "cu128")
CONNECT_TIMEOUT_SECONDS = 5.0

ROOT = Path(__file__).resolve().parent.parent

# CUDA's libraries, by wheel. The wheel `torch` for Linux on x86-64 is built for CUDA 12.6;
# these are the versions that its metadata requires. Patterns of file names leave out what libtorch never loads.
CUDA_WHEELS = {
    # The wheel's CPU library needs these two small libraries to load, although it calls neither.
    "cpu": {
        "nvidia-cuda-runtime-cu12==12.6.77": ("libcudart.so.12",),
        "nvidia-cuda-cupti-cu12==12.6.80": ("libcupti.so.12",),
    },
    "cu126": {
        "nvidia-cuda-runtime-cu12==12.6.77": ("libcudart.so.12",),
        "nvidia-cuda-cupti-cu12==12.6.80": ("libcupti.so.12",),
        "nvidia-cuda-nvrtc-cu12==12.6.77": ("libnvrtc.so.12", "libnvrtc-builtins.so.12.*"),
        "nvidia-cublas-cu12==12.6.4.1": ("libcublas.so.12", "libcublasLt.so.12"),
        "nvidia-cudnn-cu12==9.5.1.17": ("libcudnn*.so.9",),
        "nvidia-cufft-cu12==11.3.0.4": ("libcufft.so.11",),
        "nvidia-cufile-cu12==1.11.1.6": ("libcufile.so.0",),
        "nvidia-curand-cu12==10.3.7.77": ("libcurand.so.10",),
        "nvidia-cusolver-cu12==11.7.1.2": ("libcusolver.so.11",),
        "nvidia-cusparse-cu12==12.5.4.2": ("libcusparse.so.12",),
        "nvidia-cusparselt-cu12==0.6.3": ("libcusparseLt.so.0",),
        "nvidia-nccl-cu12==2.26.2": ("libnccl.so.2",),
        "nvidia-nvjitlink-cu12==12.6.85": ("libnvJitLink.so.12",),
        "nvidia-nvtx-cu12==12.6.77": ("libnvToolsExt.so.1",),
    },
}

# libtorch's GPU headers include CUDA's, from these two wheels. Only the build needs them.
CUDA_HEADERS = {
    "cu118": ("nvidia-cuda-runtime-cu11==11.8.89", "nvidia-cuda-nvcc-cu11==11.8.89"),
    "cu126": ("nvidia-cuda-runtime-cu12==12.6.77", "nvidia-cuda-nvcc-cu12==12.6.77"),
    "cu128": ("nvidia-cuda-runtime-cu12==12.8.57", "nvidia-cuda-nvcc-cu12==12.8.61"),
}


class SetupError(Exception):
    """An error with a sentence for the user."""


def say(sentence: str) -> None:
    print(f"libtorch: {sentence}", flush=True)


# --- paths ---------------------------------------------------------------------------------------------


def cache_root() -> Path:
    """Returns the cache shared by all of this user's checkouts."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "iopaint" / "libtorch"


def library_names() -> tuple[str, ...]:
    suffix = "dylib" if sys.platform == "darwin" else "so"
    return tuple(f"lib{name}.{suffix}" for name in ("torch", "torch_cpu", "c10"))


def missing_from(folder: Path) -> str | None:
    """Returns the deficiency of a folder as a libtorch of the right version, as the end of a sentence; None if complete."""
    needed = [folder / "lib" / name for name in library_names()]
    needed.append(folder / "include/torch/csrc/api/include/torch/torch.h")
    for path in needed:
        if not path.is_file() or path.stat().st_size == 0:
            return f"has no {path.relative_to(folder)}"
    stamp = folder / "build-version"
    found = stamp.read_text(encoding="utf-8").strip() if stamp.is_file() else "an unknown version"
    if found.split("+")[0] != VERSION:
        return f"holds {found}, not {VERSION}"
    return None


def from_environment() -> Path | None:
    """Returns LIBTORCH's folder after a check."""
    named = os.environ.get("LIBTORCH")
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    lack = missing_from(folder)
    if lack:
        raise SetupError(f"LIBTORCH is {folder}, which {lack}. Unset LIBTORCH to have libtorch {VERSION} fetched.")
    return folder


# --- unpacking ----------------------------------------------------------------------------------------------------


def extract(archive: Path, target: Path, place: Callable[[str], PurePosixPath | None]) -> int:
    """Unpacks the entries for which `place` returns a path under `target`. Returns their number."""
    count = 0
    with zipfile.ZipFile(archive) as zipped:
        for entry in zipped.infolist():
            where = None if entry.filename.endswith("/") else place(entry.filename)
            if where is None:
                continue
            if where.is_absolute() or ".." in where.parts:
                raise SetupError(f"{archive.name} wants to write outside its folder: {entry.filename}")
            path = target / where
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(entry) as source, path.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            count += 1
    return count


def place_archive_entry(name: str) -> PurePosixPath | None:
    """Returns the place of an entry of PyTorch's archive: libraries and headers, not the files for CMake."""
    parts = PurePosixPath(name).parts
    if len(parts) > 2 and parts[0] == "libtorch" and parts[1] in ("lib", "include"):
        static = name.endswith(".a")
        for_python = parts[1] == "lib" and "python" in parts[-1]
        return None if static or for_python else PurePosixPath(*parts[1:])
    if parts == ("libtorch", "build-version"):
        return PurePosixPath("build-version")
    return None


def place_wheel_entry(name: str, machine: str, variant: str) -> PurePosixPath | None:
    """Returns the place of an entry of the wheel `torch`; None unless it is a library, a header or the licence."""
    parts = PurePosixPath(name).parts
    if parts[:2] == ("torch", "include"):
        return PurePosixPath(*parts[1:])
    if parts[0] == "torch.libs" and len(parts) == 2:
        return PurePosixPath("lib", parts[1])  # On aarch64; the libraries look for them beside themselves too.
    if len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] in ("LICENSE", "NOTICE"):
        return PurePosixPath(parts[1])
    if parts[:2] == ("torch", "lib") and len(parts) == 3 and is_wanted_library(parts[2], machine, variant):
        return PurePosixPath("lib", parts[2])
    return None


def place_cuda_library(name: str, patterns: tuple[str, ...]) -> PurePosixPath | None:
    """Returns the place of an entry of one of CUDA's wheels if it is a library that matches a pattern."""
    path = PurePosixPath(name)
    wanted = path.parent.name == "lib" and any(fnmatch.fnmatchcase(path.name, pattern) for pattern in patterns)
    return PurePosixPath("lib", path.name) if wanted else None


def place_cuda_header(name: str) -> PurePosixPath | None:
    """Returns the place of an entry of one of CUDA's wheels if it is a header: beside libtorch's."""
    parts = PurePosixPath(name).parts
    if len(parts) > 3 and parts[0] == "nvidia" and parts[2] == "include" and name.endswith((".h", ".hpp")):
        return PurePosixPath("include", "cuda", *parts[3:])
    return None


def is_wanted_library(name: str, machine: str, variant: str) -> bool:
    """Returns True for the libraries of the wheel `torch` that a program of this variant can load."""
    unwanted = ("python", "shm", "global_deps", *(("cuda", "nvrtc") if variant == "cpu" else ()))
    if any(word in name for word in unwanted):
        return False
    if variant == "cpu" and sys.platform == "linux" and machine == "x86_64" and name == "libtorch.so":
        return False  # It depends on libtorch_cuda.so and is replaced by an empty one.
    return name.endswith((".so", ".dylib")) or ".so." in name


def write_empty_libtorch(folder: Path, machine: str) -> None:
    """Writes a libtorch.so that only depends on libtorch_cpu.so: programs are linked with -ltorch."""
    foreign = None if machine == platform.machine() else shutil.which(f"{machine}-linux-gnu-gcc")
    compiler = foreign or os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise SetupError("There is no C compiler. Install one (Debian: apt-get install build-essential).")
    command = [*compiler.split(), "-shared", "-o", "libtorch.so", "-Wl,--no-as-needed", "-Wl,-soname,libtorch.so"]
    command += ["-Wl,-rpath,$ORIGIN", "-L.", "-ltorch_cpu", "-x", "c", "/dev/null"]
    done = subprocess.run(command, cwd=folder / "lib", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"Linking libtorch.so failed:\n{done.stderr.strip()}")


@contextlib.contextmanager
def complete_or_nothing(target: Path) -> Iterator[Path]:
    """Provides a temporary folder that replaces `target` atomically on success, if nothing is missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unpacking = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        unpacking.chmod(0o755)
        yield unpacking
        lack = missing_from(unpacking)
        if lack:
            raise SetupError(f"What was fetched {lack}.")
        if target.exists():
            shutil.rmtree(target)
        unpacking.rename(target)
    finally:
        shutil.rmtree(unpacking, ignore_errors=True)


# --- sources ------------------------------------------------------------------------------------------------------


def archive_url(variant: str, machine: str, base: str = ARCHIVES) -> str:
    """Returns the URL of PyTorch's archive."""
    name = {
        ("linux", "x86_64"): f"libtorch-cxx11-abi-shared-with-deps-{VERSION}+{variant}.zip",
        ("darwin", "arm64"): f"libtorch-macos-arm64-{VERSION}.zip",
    }.get((sys.platform, machine))
    if name is None:
        raise fetch.Unreachable(f"PyTorch has no libtorch archive for {sys.platform} on {machine}")
    return f"{base}/{variant}/{urllib.parse.quote(name)}"


def install_archive(variant: str, machine: str, target: Path, downloads: Path, base: str = ARCHIVES) -> None:
    """Installs PyTorch's archive. Raises `fetch.Unreachable` if its server can't be reached."""
    url = archive_url(variant, machine, base)
    fetch.probe(url, CONNECT_TIMEOUT_SECONDS)
    archive = fetch.download(url, downloads, sha256=None, say=say)
    try:
        say(f"unpacking {archive.name}")
        with complete_or_nothing(target) as folder:
            extract(archive, folder, place_archive_entry)
            install_cuda_headers(variant, machine, folder, downloads)
            (folder / "build-version").write_text(f"{VERSION}+{variant}\n", encoding="utf-8")
    finally:
        archive.unlink(missing_ok=True)


def find_and_download(requirements: Sequence[str], machine: str, downloads: Path) -> list[Path]:
    """Fetches the wheels of packages that pip would install; in the order of `requirements`."""
    if not requirements:
        return []
    say(f"asking pip for {', '.join(requirements)}")
    wheels = fetch.find_wheels(requirements, downloads, None if machine == platform.machine() else machine)
    return [fetch.download(wheel.url, downloads, sha256=wheel.sha256, say=say) for wheel in wheels]


def install_cuda_headers(variant: str, machine: str, folder: Path, downloads: Path) -> None:
    """Installs CUDA's headers beside libtorch's, for a CUDA variant."""
    for wheel in find_and_download(CUDA_HEADERS.get(variant, ()), machine, downloads):
        extract(wheel, folder, place_cuda_header)
        wheel.unlink()


def has_wheels(variant: str, machine: str) -> bool:
    """Returns True if the package index has libtorch of this variant for this processor."""
    return variant == "cpu" or (variant in CUDA_WHEELS and sys.platform == "linux" and machine == "x86_64")


def install_wheels(variant: str, machine: str, target: Path, downloads: Path) -> None:
    """Installs the libraries and headers of the wheels that pip would install."""
    built_for_cuda = sys.platform == "linux" and machine == "x86_64"
    cuda_wheels = CUDA_WHEELS[variant] if built_for_cuda else {}
    torch, *others = find_and_download([f"torch=={VERSION}", *cuda_wheels], machine, downloads)
    libraries = dict(zip(others, cuda_wheels.values(), strict=True))
    say(f"unpacking {torch.name}")
    with complete_or_nothing(target) as folder:
        extract(torch, folder, lambda name: place_wheel_entry(name, machine, variant))
        for wheel, patterns in libraries.items():
            found = extract(wheel, folder, functools.partial(place_cuda_library, patterns=patterns))
            if found < len(patterns):
                raise SetupError(f"{wheel.name} lacks one of {', '.join(patterns)}.")
        if variant == "cpu" and built_for_cuda:
            write_empty_libtorch(folder, machine)
        install_cuda_headers(variant, machine, folder, downloads)
        (folder / "build-version").write_text(f"{VERSION}+{variant}\n", encoding="utf-8")
    for file in (torch, *libraries):
        file.unlink(missing_ok=True)


def install(variant: str, machine: str, target: Path, downloads: Path) -> None:
    """Fetches libtorch from the first available source."""
    try:
        install_archive(variant, machine, target, downloads)
        return
    except fetch.Unreachable as why:
        if not has_wheels(variant, machine):
            raise SetupError(
                f"{why}. libtorch for {variant} comes from PyTorch's own server only: fetch {archive_url(variant, machine)} "
                "elsewhere, unpack it and set LIBTORCH to the folder."
            ) from why
        say(f"{why}; taking the wheel from the package index instead")
    install_wheels(variant, machine, target, downloads)


# --- cargo --------------------------------------------------------------------------------------------------------


def with_libtorch(config: str, libtorch: Path) -> str:
    """Returns a cargo configuration with LIBTORCH set and everything else unchanged."""
    line = f'LIBTORCH = "{libtorch}"'
    if re.search(r"(?m)^LIBTORCH\s*=", config):
        return re.sub(r"(?m)^LIBTORCH\s*=.*$", lambda _: line, config)
    if re.search(r"(?m)^\[env\]\s*$", config):
        return re.sub(r"(?m)^\[env\]\s*$", lambda _: f"[env]\n{line}", config, count=1)
    return f"{config.rstrip()}\n\n[env]\n{line}\n".lstrip()


def write_cargo_config(path: Path, libtorch: Path) -> None:
    """Writes the configuration only if it changes: cargo rebuilds dependents of LIBTORCH."""
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = with_libtorch(before, libtorch)
    if after == before:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".toml.new")
    beside.write_text(after, encoding="utf-8")
    beside.replace(path)
    say(f"wrote {path}")


# --- the command --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Locks the cache for one process at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another process that is fetching it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(variant: str, machine: str) -> Path:
    """Returns the folder of a complete libtorch, fetched if necessary."""
    named = from_environment()
    if named:
        return named
    root = cache_root()
    target = root / (f"{VERSION}-{variant}" + ("" if machine == platform.machine() else f"-{machine}"))
    if missing_from(target) is None:
        return target
    with lock(root / ".lock"):
        if missing_from(target) is not None:
            install(variant, machine, target, root / "downloads")
            say(f"{VERSION} ({variant}) is in {target}")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--variant", choices=VARIANTS, default=os.environ.get("LIBTORCH_VARIANT") or "cpu")
    parser.add_argument("--machine", default=platform.machine(), help="the processor to build for, as uname names it")
    parser.add_argument("--config", type=Path, default=ROOT / ".cargo" / "config.toml", help="cargo's configuration")
    options = parser.parse_args()
    try:
        write_cargo_config(options.config, ensure(options.variant, options.machine))
    except (SetupError, fetch.FetchError, zipfile.BadZipFile, OSError) as error:
        print(f"libtorch: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
