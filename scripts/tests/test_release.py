"""The version stands in Cargo.toml alone, and a tag must be it."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import release  # noqa: E402

CHANGELOG = """# Changelog

## [Unreleased]

## [71.2.3] - 2026-01-31

### Added

- A thing.

## [71.2.2] - 2026-01-01

- Another.
"""


class Release(unittest.TestCase):
    """A project of version 71.2.3."""

    def setUp(self) -> None:
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.write("Cargo.toml", '[workspace]\nmembers = ["app"]\n[workspace.package]\nversion = "71.2.3"\n')
        self.write("app/Cargo.toml", '[package]\nname = "app"\nversion.workspace = true\n')
        self.write("web_app/package.json", '{"name": "page"}')
        self.write("web_app/package-lock.json", '{"packages": {"": {"name": "page"}, "x": {"version": "71.2.3"}}}')
        self.write("CHANGELOG.md", CHANGELOG)

    def write(self, name: str, text: str) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def test_tag_must_be_the_version(self) -> None:
        release.check_tag("v71.2.3", self.root)
        for tag in ("v71.2.4", "71.2.3", "v71.2.3-rc.1", "v71.2"):
            with self.subTest(tag), self.assertRaisesRegex(release.ReleaseError, "is not v71.2.3"):
                release.check_tag(tag, self.root)

    def test_notes_are_the_section_of_the_version(self) -> None:
        self.assertEqual(release.notes(self.root), "### Added\n\n- A thing.\n")

    def test_version_without_a_dated_section_is_refused(self) -> None:
        for text in (CHANGELOG.replace(" - 2026-01-31", ""), "# Changelog\n\n## [71.2.3] - 2026-01-31\n"):
            self.write("CHANGELOG.md", text)
            with self.assertRaisesRegex(release.ReleaseError, "has no section"):
                release.check_tag("v71.2.3", self.root)

    def test_versions_of_their_own_are_found(self) -> None:
        self.assertEqual(release.own_versions(self.root), [])
        self.write("app/Cargo.toml", '[package]\nname = "app"\nversion = "71.2.3"\n')
        self.write("web_app/package.json", '{"name": "page", "version": "71.2.3"}')
        self.write("web_app/package-lock.json", '{"packages": {"": {"version": "71.2.3"}}}')
        found = ["app/Cargo.toml", "web_app/package.json", "web_app/package-lock.json"]
        self.assertEqual(release.own_versions(self.root), found)

    def test_copies_are_found(self) -> None:
        copies = {
            "a.yaml": "    newTag: cpu-latest\n    newTag: 71.2.3\n",
            "b.json": '{\n    "version": "71.2.3"\n}\n',
            "c.md": "Fetch iopaint-71.2.3-linux-x86_64.tar.zst.\n",
            "d.snap": "iopaint 71.2.3\n",
        }
        others = {
            "e.md": "IOPaint 1.6.0 and iopaint-71.2.30\n",
            "f.toml": 'thing = { version = "71.2.3" }\n',
            "g.txt": "thing==71.2.3\n",
            "Cargo.lock": 'version = "71.2.3"\n',
        }
        names = [self.write(name, text) for name, text in {**copies, **others}.items()]
        found = release.copies(self.root, names, "71.2.3")
        self.assertEqual(found, ["a.yaml:2", "b.json:2", "c.md:1", "d.snap:1"])

    def test_this_checkout_has_one_version(self) -> None:
        release.check()


if __name__ == "__main__":
    unittest.main()
