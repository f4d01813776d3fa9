#!/usr/bin/env python3
"""Renders the kustomizations of a folder to manifests, for a validator.

Supported are resources, images, and strategic-merge patches by kind and name, with lists merged by the items' names.
Anything else is an error.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

UNDERSTOOD = {"apiVersion", "kind", "resources", "images", "patches"}


def merged(base: Any, patch: Any) -> Any:
    """Returns a strategic merge: dictionaries by key, lists by the items' `name`, everything else replaced."""
    if isinstance(base, dict) and isinstance(patch, dict):
        both = {key: merged(base[key], patch[key]) for key in base.keys() & patch.keys()}
        return {**base, **patch, **both}
    if isinstance(base, list) and isinstance(patch, list) and all(is_named(item) for item in [*base, *patch]):
        changes = {item["name"]: item for item in patch}
        kept = [merged(item, changes.pop(item["name"], {})) for item in base]
        return kept + list(changes.values())
    return patch


def is_named(item: Any) -> bool:
    return isinstance(item, dict) and "name" in item


def key(manifest: dict[str, Any]) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def render(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Returns the manifests of a kustomization by kind and name."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = kustomization.keys() - UNDERSTOOD
    if unknown:
        raise SystemExit(f"{folder}: {', '.join(sorted(unknown))} isn't understood here")
    manifests: dict[tuple[str, str], dict[str, Any]] = {}
    for resource in kustomization["resources"]:
        path = folder / resource
        found = render(path) if path.is_dir() else {key(one): one for one in yaml.safe_load_all(path.read_text())}
        manifests.update(found)
    for patch in kustomization.get("patches", []):
        change = yaml.safe_load((folder / patch["path"]).read_text())
        if key(change) not in manifests:
            raise SystemExit(f"{folder / patch['path']} changes {key(change)}, which isn't there")
        manifests[key(change)] = merged(manifests[key(change)], change)
    return manifests


def main() -> int:
    source, target = map(Path, sys.argv[1:3])
    for file in sorted(source.glob("*/kustomization.yaml")):
        folder = target / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for (kind, name), manifest in render(file.parent).items():
            (folder / f"{kind.lower()}-{name}.yaml").write_text(yaml.safe_dump(manifest))
    return 0


if __name__ == "__main__":
    sys.exit(main())
