"""Each dependency is compiled once for the server and its tests."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def host() -> str:
    """The target triple of this machine's compiler."""
    version = subprocess.run(["rustc", "-vV"], check=True, text=True, capture_output=True).stdout
    return re.search(r"^host: (.*)$", version, re.MULTILINE).group(1)


def features(*arguments: str) -> set[tuple[str, str]]:
    """The dependencies of a call of cargo, each with the features that it is compiled with."""
    command = ["cargo", "tree", "--locked", "--quiet", "--prefix", "none", "--target", host()]
    tree = subprocess.run(
        [*command, "--format", "{p}|{f}", *arguments], cwd=ROOT, check=True, text=True, capture_output=True
    ).stdout
    lines = (line.removesuffix(" (*)") for line in tree.splitlines() if "|" in line)
    return {tuple(line.split("|")) for line in lines}


class Features(unittest.TestCase):
    def test_tests_add_no_features(self) -> None:
        server = features("--package", "iopaint", "--edges", "normal,build")
        tests = features("--workspace", "--edges", "normal,build,dev")
        self.assertGreater(len(server), 100)
        self.assertEqual(server - tests, set())


if __name__ == "__main__":
    unittest.main()
