#!/usr/bin/env python3
"""Fails on import cycles between the source files of a crate.

`check_imports.py [SRC...]` reads the given `src` folders, by default those of every crate in `server/`. An import is a `use`
declaration or a qualified path that starts with `crate`, `self` or `super`; a re-exported name counts as an import of the
file that defines it. Re-exports themselves, `#[cfg(test)]` items and doc comments are no imports.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|r(?P<hashes>\#*)".*?"(?P=hashes)|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])'""", re.DOTALL
)
TEST_ITEM = re.compile(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*")
USE = re.compile(r"\b(?P<exported>pub(?:\([^)]*\))?\s+)?use\s+(?P<tree>[^;]+);")
QUALIFIED_PATH = re.compile(r"\b(?:crate|self|super)(?:::\w+)+")

Path_ = tuple[str, ...]


def without_tests(text: str) -> str:
    """Returns `text` without items under `#[cfg(test)]`; an item ends at its `;` or at the brace that closes it."""
    while found := TEST_ITEM.search(text):
        depth, end = 0, len(text)
        for index in range(found.end(), len(text)):
            depth += (text[index] == "{") - (text[index] == "}")
            if depth == 0 and text[index] in ";}":
                end = index + 1
                break
        text = text[: found.start()] + text[end:]
    return text


def leaves(tree: str) -> Iterator[tuple[Path_, str]]:
    """Yields each path of a use tree with the name that it binds: `a::{b, c as d}` is `a::b`, `a::c`."""
    tree = " ".join(tree.split())
    opening = tree.find("{")
    if opening < 0:
        path, _, alias = tree.partition(" as ")
        parts = tuple(part.strip() for part in path.split("::") if part.strip())
        if parts and parts[-1] == "self":
            parts = parts[:-1]
        if parts:
            yield parts, alias.strip() or parts[-1]
        return
    prefix = tree[:opening]
    depth, start = 0, opening + 1
    for index in range(opening + 1, len(tree)):
        if tree[index] == "{":
            depth += 1
        elif (tree[index] == "," and depth == 0) or (tree[index] == "}" and depth == 0):
            if part := tree[start:index].strip():
                yield from leaves(prefix + part)
            start = index + 1
            if tree[index] == "}":
                return
        elif tree[index] == "}":
            depth -= 1


class Crate:
    """The modules of a crate and the imports between them."""

    def __init__(self, files: dict[Path_, str]) -> None:
        self.imports: dict[Path_, set[Path_]] = {module: set() for module in files}
        self._reexports: dict[Path_, dict[str, Path_]] = {module: {} for module in files}
        uses: list[tuple[Path_, Path_]] = []
        for module, text in files.items():
            text = without_tests(COMMENT_OR_LITERAL.sub(" ", text))
            for use in USE.finditer(text):
                for path, name in leaves(use["tree"]):
                    if not (absolute := self._absolute(module, path)):
                        continue
                    if use["exported"]:
                        self._reexports[module][name] = absolute
                    else:
                        uses.append((module, absolute))
            for path in QUALIFIED_PATH.findall(USE.sub(" ", text)):
                if absolute := self._absolute(module, tuple(path.split("::"))):
                    uses.append((module, absolute))
        for module, path in uses:
            target = self._defining(path)
            if target is not None and target != module:
                self.imports[module].add(target)

    @classmethod
    def read(cls, source: Path) -> Crate:
        """Reads every file below `source` except for those of tests."""
        files = {}
        for file in sorted(source.rglob("*.rs")):
            parts = file.relative_to(source).with_suffix("").parts
            if "tests" in parts:
                continue
            if parts[-1] in ("mod", "lib"):
                parts = parts[:-1]
            files[parts] = file.read_text()
        return cls(files)

    def _absolute(self, module: Path_, path: Path_) -> Path_ | None:
        """Returns a path from the crate's root, or None for a path into another crate."""
        if path[0] == "crate":
            return path[1:]
        if path[0] == "self":
            return module + path[1:]
        if path[0] == "super":
            base = module
            while path and path[0] == "super":
                base, path = base[:-1], path[1:]
            return base + path
        return module + path if module + path[:1] in self.imports else None

    def _defining(self, path: Path_, hops: int = 0) -> Path_ | None:
        """Returns the module that defines the item at `path`, through re-exports."""
        for length in range(len(path), -1, -1):
            module = path[:length]
            if module not in self.imports:
                continue
            rest = path[length:]
            if rest and rest[0] in self._reexports[module] and hops < 8:
                return self._defining(self._reexports[module][rest[0]] + rest[1:], hops + 1)
            return module
        return None

    def cycles(self) -> list[list[Path_]]:
        """Returns the strongly connected components of more than one module (Tarjan 1972), sorted."""
        index: dict[Path_, int] = {}
        low: dict[Path_, int] = {}
        stack: list[Path_] = []
        found: list[list[Path_]] = []

        def visit(module: Path_) -> None:
            index[module] = low[module] = len(index)
            stack.append(module)
            for target in sorted(self.imports[module]):
                if target not in index:
                    visit(target)
                    low[module] = min(low[module], low[target])
                elif target in stack:
                    low[module] = min(low[module], index[target])
            if low[module] == index[module]:
                component = []
                while True:
                    component.append(stack.pop())
                    if component[-1] == module:
                        break
                if len(component) > 1:
                    found.append(sorted(component))

        for module in sorted(self.imports):
            if module not in index:
                visit(module)
        return sorted(found)


def describe(crate: Crate, cycle: Iterable[Path_]) -> Iterator[str]:
    """Yields a line for each import inside a cycle."""
    members = set(cycle)
    for module in sorted(members):
        for target in sorted(crate.imports[module] & members):
            yield f"  {'::'.join(module) or 'the root'} imports {'::'.join(target) or 'the root'}"


def main() -> int:
    sources = [Path(argument) for argument in sys.argv[1:]] or sorted((ROOT / "server").glob("*/src"))
    failed = False
    for source in sources:
        crate = Crate.read(source)
        for cycle in crate.cycles():
            failed = True
            print(f"{source}: an import cycle of {len(cycle)} files", file=sys.stderr)
            print("\n".join(describe(crate, cycle)), file=sys.stderr)
    if not failed:
        print(f"imports: {len(sources)} crates, no cycle between files")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
