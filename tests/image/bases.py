"""Base images: the real ones, or stand-ins made of Debian's packages where no registry can be reached.

An image that was built on stand-ins is for these tests only; it must not be published.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from engine import docker

DEBIAN = "bookworm"
REAL = "debian:bookworm-slim"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"


def cache() -> Path:
    """Where the packages of the stand-ins stay between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "iopaint" / "image-test"


def build_arguments(work: Path) -> dict[str, str]:
    """What the Dockerfile's base arguments are to be; nothing where the real bases can be had."""
    if docker("pull", "--quiet", REAL, check=False).returncode == 0:
        return {}
    names = {"RUNTIME_IMAGE": "standin-debian", "NODE_IMAGE": "standin-node", "RUST_IMAGE": "standin-rust"}
    if any(not docker("images", "--quiet", name).stdout.strip() for name in names.values()):
        debian = debootstrapped(work)
        node(debian, work)
        rust(debian, work)
        imported(debian, "standin-debian")
    return {argument: f"{name}:latest" for argument, name in names.items()}


def debootstrapped(work: Path) -> Path:
    """A minimal Debian in a folder, without what an image doesn't need."""
    archive = cache() / f"{DEBIAN}.tar"
    root = work / "debian"
    shutil.rmtree(root, ignore_errors=True)
    if not archive.exists():
        archive.parent.mkdir(parents=True, exist_ok=True)
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", DEBIAN, str(work / "fresh")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for unneeded in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
            shutil.rmtree(work / "fresh" / unneeded, ignore_errors=True)
        for needed in ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial"):
            (work / "fresh" / needed).mkdir(parents=True)
        partial = archive.with_suffix(".part")
        subprocess.run(["tar", "-C", str(work / "fresh"), "-cf", str(partial), "."], check=True)
        partial.rename(archive)
    root.mkdir()
    subprocess.run(["tar", "-C", str(root), "-xpf", str(archive)], check=True)
    return root


def imported(root: Path, name: str, **environment: str) -> None:
    """Makes a folder an image, and the folder go."""
    changes = [f"--change=ENV {key}={value}" for key, value in environment.items()]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as packed:
        docker("import", *changes, "-", f"{name}:latest", stdin=packed.stdout)
    shutil.rmtree(root)


def certificates(root: Path) -> dict[str, str]:
    """Lets a stand-in trust what this machine trusts, and the settings that tell its programs so."""
    shutil.copyfile(f"/{BUNDLE}", root / BUNDLE)
    names = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "PIP_CERT", "CARGO_HTTP_CAINFO")
    return dict.fromkeys(names, f"/{BUNDLE}")


def copied(debian: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", str(debian), str(target)], check=True)
    return target


def node(debian: Path, work: Path) -> None:
    """Debian with this machine's Node and npm."""
    root = copied(debian, work / "node")
    program = Path(shutil.which("node") or "node").resolve()
    npm = Path(shutil.which("npm") or "npm").resolve().parent.parent
    shutil.copy2(program, root / "usr/local/bin/node")
    subprocess.run(["cp", "-a", str(npm), str(root / "usr/local/lib/npm")], check=True)
    (root / "usr/local/bin/npm").symlink_to("../lib/npm/bin/npm-cli.js")
    (root / "usr/local/bin/npx").symlink_to("../lib/npm/bin/npx-cli.js")
    imported(root, "standin-node", **certificates(root))


def rust(debian: Path, work: Path) -> None:
    """Debian with this machine's Rust, where the official image has it."""
    root = copied(debian, work / "rust")
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    home = root / "usr/local/rust"
    home.mkdir(parents=True)
    for part in ("bin", "lib", "libexec"):
        if (Path(sysroot) / part).exists():
            subprocess.run(["cp", "-a", f"{sysroot}/{part}", str(home)], check=True)
    path = "/usr/local/cargo/bin:/usr/local/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    imported(root, "standin-rust", CARGO_HOME="/usr/local/cargo", PATH=path, **certificates(root))
