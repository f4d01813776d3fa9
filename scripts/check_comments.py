#!/usr/bin/env python3
"""Fails on comment lines of more than 110 columns in Rust, C++ and TypeScript.

`rustfmt`, `clang-format` and `prettier` wrap code only. A line whose last word alone passes the limit, such as a URL, is
exempt. `check_comments.py [PATH...]` checks tracked files below the given paths, by default all.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_COLUMNS = 110
SUFFIXES = {".rs", ".h", ".cpp", ".ts", ".tsx", ".js"}
GENERATED = {"web_app/src/api/schema.ts"}
COMMENT = re.compile(r"^\s*(?://|/\*|\*)")


def too_wide(text: str) -> Iterator[int]:
    """Yields the numbers, from 1, of comment lines that are too wide and can be wrapped."""
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) <= MAX_COLUMNS or not COMMENT.match(line):
            continue
        words = line.split()
        if len(words) > 2 or len(words[-1]) < MAX_COLUMNS // 2:
            yield number


def tracked(paths: list[str]) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and name not in GENERATED]


def main() -> int:
    found = [
        f"{path}:{number}: a comment of more than {MAX_COLUMNS} columns"
        for path in tracked(sys.argv[1:])
        if path.suffix in SUFFIXES and (ROOT / path).is_file()
        for number in too_wide((ROOT / path).read_text())
    ]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
