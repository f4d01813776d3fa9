"""Tests of the documentation: links, anchors and names of tests exist."""

from __future__ import annotations

import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
TEST_NAME = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})(?:::case_\w+)?`")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", "--", pattern], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def anchors(page: Path) -> set[str]:
    """Returns the anchors of a page's headings in GitHub's form."""
    text = FENCE.sub("", page.read_text())
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(text))
    return {heading.strip().replace(" ", "-") for heading in plain}


class Links(unittest.TestCase):
    def test_targets_exist(self) -> None:
        missing = []
        for page in tracked("*.md"):
            for link in LINK.findall(FENCE.sub("", page.read_text())):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                if not target.exists() or (anchor and anchor not in anchors(target)):
                    missing.append(f"{page.relative_to(ROOT)}: {link}")
        self.assertEqual(missing, [])


class TestNames(unittest.TestCase):
    def test_names_in_formats_exist(self) -> None:
        sources = "\n".join(file.read_text() for file in tracked("server/imaging/*.rs"))
        defined = set(re.findall(r"\bfn (\w+)\(", sources))
        named = set(TEST_NAME.findall((ROOT / "docs" / "formats.md").read_text()))
        self.assertGreater(len(named), 20)
        self.assertEqual(sorted(named - defined), [])


if __name__ == "__main__":
    unittest.main()
