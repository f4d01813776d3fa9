#!/usr/bin/env python3
"""Fails on dependencies between crates that docs/architecture.md does not allow; reads `cargo metadata`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

IMAGING, INPAINT, CLASSICAL, VISION, TORCH, ONNX, ENGINE, APP, TEST_SUPPORT = (
    "iopaint-imaging",
    "iopaint-inpaint",
    "iopaint-classical",
    "iopaint-vision",
    "iopaint-torch",
    "iopaint-onnx",
    "iopaint-engine",
    "iopaint",
    "iopaint-test-support",
)

# Allowed dependencies between the workspace's crates.
ARROWS: dict[str, set[str]] = {
    IMAGING: set(),
    INPAINT: {IMAGING},
    CLASSICAL: {INPAINT, IMAGING},
    VISION: {INPAINT, IMAGING},
    TORCH: {VISION, INPAINT, IMAGING},
    ONNX: {VISION, INPAINT, IMAGING},
    ENGINE: {TORCH, ONNX, CLASSICAL, VISION, INPAINT, IMAGING},
    APP: {ENGINE, VISION, INPAINT, IMAGING},
    TEST_SUPPORT: {INPAINT, IMAGING},
}

# Crates that may be dev-dependencies only, of any crate.
DEV_ONLY = {TEST_SUPPORT}

# Forbidden dependencies, direct or transitive.
PURE = (IMAGING, INPAINT, CLASSICAL, VISION)
NOT_IN_PURE = {"tch", "torch-sys", "rten", "axum", "hyper", "reqwest", "tokio", "clap"}

# Crates with a single allowed dependent; dev-dependencies count too.
DIRECT: dict[str, str] = {
    "tch": TORCH,
    "torch-sys": TORCH,
    "rten": ONNX,
    "axum": APP,
    "clap": APP,
    "indicatif": APP,
    "utoipa": APP,
}


class Graph:
    """The packages of a workspace and their dependencies."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        names = {package["id"]: package["name"] for package in metadata["packages"]}
        members = set(metadata["workspace_members"])
        self.members = {names[member] for member in members}
        self.declared = {
            package["name"]: {dependency["name"] for dependency in package["dependencies"]}
            for package in metadata["packages"]
            if package["id"] in members
        }
        self._ids = {name: package for package, name in names.items() if package in members}
        self._names = names
        self._edges = {
            node["id"]: [dep["pkg"] for dep in node["deps"] if is_shipped(dep)] for node in metadata["resolve"]["nodes"]
        }

    def shipped(self, member: str) -> set[str]:
        """Returns the direct dependencies of `member`, without dev-dependencies."""
        return {self._names[package] for package in self._edges.get(self._ids[member], [])}

    def contents(self, member: str) -> set[str]:
        """Returns all direct and transitive dependencies of `member`, without dev-dependencies."""
        seen: set[str] = set()
        waiting = [self._ids[member]]
        while waiting:
            for package in self._edges.get(waiting.pop(), []):
                if package not in seen:
                    seen.add(package)
                    waiting.append(package)
        return {self._names[package] for package in seen}


def is_shipped(dependency: dict[str, Any]) -> bool:
    kinds = [kind["kind"] for kind in dependency.get("dep_kinds", [])]
    return not kinds or any(kind != "dev" for kind in kinds)


def faults(graph: Graph) -> Iterable[str]:
    """Yields a sentence for each violation."""
    for member in sorted(graph.members - ARROWS.keys()):
        yield f"{member} is missing in docs/architecture.md; add it there and to scripts/check_architecture.py."
    for member in sorted(graph.members & ARROWS.keys()):
        for other in sorted((graph.declared[member] & graph.members) - ARROWS[member] - DEV_ONLY - {member}):
            yield f"{member} depends on {other}; docs/architecture.md does not allow it."
    for member in sorted(graph.members):
        for crate in sorted(graph.declared[member] & DIRECT.keys()):
            if DIRECT[crate] != member:
                yield f"{member} depends on {crate}, which only {DIRECT[crate]} may use."
    for member in sorted(graph.members - DEV_ONLY):
        for other in sorted(graph.shipped(member) & DEV_ONLY):
            yield f"{member} depends on {other} outside its tests; only dev-dependencies are allowed."
    for member in PURE:
        if member in graph.members:
            for crate in sorted(graph.contents(member) & NOT_IN_PURE):
                yield f"{member} is built from {crate}; it must stay free of libtorch, HTTP and threads of an executor."


def read_metadata() -> dict[str, Any]:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    try:
        graph = Graph(read_metadata())
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        return 1
    found = list(faults(graph))
    for fault in found:
        print(f"architecture: {fault}", file=sys.stderr)
    if not found:
        print(f"architecture: {len(graph.members)} crates, all dependencies allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
