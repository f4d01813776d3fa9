#!/usr/bin/env python3
"""Prints the licences of everything that is compiled into the binary: crates, and the page's packages.

Packages with the same licence text are grouped above it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BEGINNINGS = ("license", "licence", "copying", "notice", "unlicense", "copyright")
RULE = "=" * 100


class LicenceError(Exception):
    """An error with a sentence for the user."""


def crates(metadata: dict, root: str) -> Iterator[tuple[str, str, Path]]:
    """Returns name with version, licence and folder of all dependencies of `root`, without the workspace's crates."""
    packages = {package["id"]: package for package in metadata["packages"]}
    edges = {
        node["id"]: [
            dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep.get("dep_kinds", []))
        ]
        for node in metadata["resolve"]["nodes"]
    }
    waiting = [package["id"] for package in metadata["packages"] if package["name"] == root]
    seen: set[str] = set()
    while waiting:
        identity = waiting.pop()
        if identity in seen:
            continue
        seen.add(identity)
        waiting.extend(edges[identity])
    # By version too: the order of a set differs between processes.
    for package in sorted((packages[identity] for identity in seen), key=lambda one: (one["name"], one["version"])):
        if package["source"] is not None:
            label = f"{package['name']} {package['version']}"
            yield label, package["license"] or "see its file", Path(package["manifest_path"]).parent


def page_packages(web_app: Path) -> Iterator[tuple[str, str, Path]]:
    """Returns the same for the page's packages, without tools."""
    if not (web_app / "node_modules").is_dir():
        raise LicenceError("The page's packages aren't installed; run make setup.")
    lock = json.loads((web_app / "package-lock.json").read_text(encoding="utf-8"))
    for place, package in sorted(lock["packages"].items()):
        folder = web_app / place
        if place and not package.get("dev") and folder.is_dir():
            name = place.rpartition("node_modules/")[2]
            yield f"{name} {package['version']}", package.get("license", "see its file"), folder


def texts(folder: Path) -> list[str]:
    """Returns a package's licence texts."""
    files = sorted(path for path in folder.iterdir() if path.name.lower().startswith(BEGINNINGS))
    return [
        "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines()).strip()
        for path in files
        if path.is_file()
    ]


def document(packages: list[tuple[str, str, Path]]) -> str:
    """Returns the list of packages, then each licence text with its packages."""
    carriers: dict[str, list[str]] = defaultdict(list)
    for label, _, folder in packages:
        for text in texts(folder):
            carriers[text].append(label)
    parts = ["This program contains the following packages.", ""]
    parts += [f"{label}: {licence}" for label, licence, _ in packages]
    for text, labels in carriers.items():
        parts += ["", RULE, ", ".join(labels), RULE, "", text]
    return "\n".join(parts) + "\n"


def output(command: list[str], folder: Path) -> str:
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def collect(root: Path) -> str:
    """Returns the document for this checkout."""
    try:
        host = re.search(r"^host: (\S+)", output(["rustc", "-vV"], root), re.MULTILINE)
        platform = ["--filter-platform", host.group(1)] if host else []
        metadata = output(["cargo", "metadata", "--format-version", "1", "--locked", *platform], root)
    except subprocess.CalledProcessError as error:
        raise LicenceError(error.stderr.strip()) from error
    return document([*crates(json.loads(metadata), "iopaint"), *page_packages(root / "web_app")])


if __name__ == "__main__":
    sys.stdout.write(collect(ROOT))
