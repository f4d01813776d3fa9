"""A registry for pushing and pulling: the official image, or Debian's package of the same program."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import bases
from emulation import own_architecture
from engine import docker, wait_until

REAL = "registry:2"
STARTS_WITHIN_SECONDS = 60
CONFIG = """\
version: 0.1
storage:
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
"""


@contextlib.contextmanager
def running(work: Path) -> Iterator[str]:
    """Runs a registry within the block; yields its address. Engines talk plain HTTP to 127.0.0.1."""
    name = f"iopaint-test-registry-{uuid.uuid4().hex[:8]}"
    docker("run", "--detach", "--name", name, "--publish", "127.0.0.1:0:5000", image(work))
    try:
        address = docker("port", name, "5000/tcp").stdout.splitlines()[0].strip()
        wait_until(lambda: answers(address), STARTS_WITHIN_SECONDS, "the registry does not answer")
        yield address
    finally:
        docker("rm", "--force", "--volumes", name, check=False)


def answers(address: str) -> bool:
    """Returns True if a registry answers at `address`."""
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def image(work: Path) -> str:
    """Returns the name of a registry's image."""
    if docker("pull", "--quiet", REAL, check=False).returncode == 0:
        return REAL
    standin = "standin-registry"
    if bases.missing(standin):
        root = bases.debootstrapped(work, own_architecture())
        program = file_of_package("docker-registry", "usr/bin/docker-registry", work)
        program.rename(root / "usr/bin/docker-registry")
        (root / "etc/registry.yml").write_text(CONFIG)
        command = '["/usr/bin/docker-registry", "serve", "/etc/registry.yml"]'
        bases.imported(root, standin, own_architecture(), [f"CMD {command}"])
    return standin


def file_of_package(name: str, file: str, work: Path) -> Path:
    """Downloads a Debian package and unpacks one of its files under `work`; returns the file's path."""
    folder = work / "package"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    subprocess.run(["apt-get", "download", "--quiet", name], cwd=folder, check=True, capture_output=True)
    for package in list(folder.iterdir()):
        subprocess.run(["dpkg-deb", "--extract", str(package), str(folder)], check=True)
    return folder / file
