#!/usr/bin/env python3
"""Reads and checks the version of a release, which only Cargo.toml has.

release.py version    prints it
release.py check      fails if another file repeats it
release.py tag TAG    fails unless TAG is `v` and the version, and CHANGELOG.md has a dated section of it
release.py notes      prints that section
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Cargo writes its lockfiles, and a changelog is about versions.
EXEMPT = {"Cargo.toml", "Cargo.lock", "fuzz/Cargo.lock", "CHANGELOG.md"}
# Keys of manifests that could repeat the version.
KEYS = "version|appVersion|newTag|tag"


class ReleaseError(Exception):
    """An error with a sentence for the user."""


def version(root: Path = ROOT) -> str:
    """The version in Cargo.toml."""
    return tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]["version"]


def own_versions(root: Path) -> list[str]:
    """Returns the manifests of crates and page that have their own version."""
    found = []
    members = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["members"]
    for member in members:
        package = tomllib.loads((root / member / "Cargo.toml").read_text(encoding="utf-8"))["package"]
        if package["version"] != {"workspace": True}:
            found.append(f"{member}/Cargo.toml")
    lock = json.loads((root / "web_app/package-lock.json").read_text(encoding="utf-8"))
    page = json.loads((root / "web_app/package.json").read_text(encoding="utf-8"))
    if "version" in page:
        found.append("web_app/package.json")
    if "version" in lock or "version" in lock["packages"][""]:
        found.append("web_app/package-lock.json")
    return found


def copies(root: Path, names: Iterable[str], wanted: str) -> list[str]:
    """Returns the lines, as `file:line`, that repeat the version: as a manifest's key or beside the program's name."""
    text = re.escape(wanted)
    line_of = re.compile(
        rf"""^\s*["']?(?:{KEYS})["']?\s*[:=]\s*["']?v?{text}["']?\s*,?\s*$|iopaint\S*[-_:=@ ]v?{text}(?![\d.])""",
        re.IGNORECASE,
    )
    found = []
    for name in names:
        # Other packages may have the same version by chance.
        if name in EXEMPT or name.endswith(("package-lock.json", ".lock")):
            continue
        try:
            lines = (root / name).read_text(encoding="utf-8").splitlines()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1) if line_of.search(line)]
    return found


def check(root: Path = ROOT) -> None:
    """Raises an error if a file other than Cargo.toml has the version."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    repeated = own_versions(root) + copies(root, listing.split("\0")[:-1], version(root))
    if repeated:
        raise ReleaseError(f"these repeat the version, which Cargo.toml alone should have: {', '.join(repeated)}")


def notes(root: Path = ROOT) -> str:
    """Returns the version's section of CHANGELOG.md."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    head = rf"^## \[{re.escape(version(root))}\] - \d{{4}}-\d\d-\d\d$"
    section = re.search(rf"{head}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None or not section.group(1).strip():
        raise ReleaseError(f"CHANGELOG.md has no section `## [{version(root)}] - YYYY-MM-DD`")
    return section.group(1).strip() + "\n"


def check_tag(tag: str, root: Path = ROOT) -> None:
    """Raises an error unless the tag is the version and the changelog has its section."""
    if tag != f"v{version(root)}":
        raise ReleaseError(f"the tag {tag} is not v{version(root)}, which Cargo.toml says")
    notes(root)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("version", "check", "notes"):
        commands.add_parser(name)
    commands.add_parser("tag").add_argument("tag")
    options = parser.parse_args(arguments)
    try:
        if options.command == "version":
            print(version())
        elif options.command == "notes":
            print(notes(), end="")
        elif options.command == "tag":
            check_tag(options.tag)
        else:
            check()
    except (ReleaseError, OSError, subprocess.CalledProcessError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
