"""The Debian package: its version, its contents, and the same bytes whenever it is built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import check_deb  # noqa: E402
import deb  # noqa: E402
import dist  # noqa: E402

DATE = 1_700_000_000


class Version(unittest.TestCase):
    """Debian's form of the version."""

    def test_pre_releases_sort_before_their_release(self) -> None:
        self.assertEqual(deb.deb_version("1.2.3"), "1.2.3-1")
        self.assertEqual(deb.deb_version("1.2.3-rc.1"), "1.2.3~rc.1-1")

    def test_cuda_builds_have_their_variant(self) -> None:
        self.assertEqual(deb.deb_version("1.2.3", "cu118"), "1.2.3+cu118-1")


@unittest.skipIf(deb.missing_tool(), "needs dpkg-dev")
class Package(unittest.TestCase):
    """A package of a release that consists of small files."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.release = self.folder / "release"
        for name in ("NOTICE", "README.md", "CHANGELOG.md", "licences/third-party.txt", "share/man/man1/iopaint.1"):
            self.write(name)
        for name in ("share/bash-completion/x", "share/fish/x", "share/zsh/site-functions/_iopaint"):
            self.write(name)
        for name in ("bin", "lib"):
            (self.release / name).mkdir()
        shutil.copyfile("/bin/true", self.release / "bin" / "iopaint")

    def write(self, name: str) -> None:
        path = self.release / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\n", encoding="utf-8")

    def build(self, output: str) -> Path:
        target = self.folder / output
        target.mkdir()
        return deb.build(self.release, "1.2.3", "", target, DATE)

    def field(self, package: Path, name: str) -> str:
        command = ["dpkg-deb", "--field", str(package), name]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def test_same_files_give_same_bytes(self) -> None:
        first = self.build("a").read_bytes()
        (self.release / "NOTICE").chmod(0o600)
        os.utime(self.release / "README.md", (1, 1))
        before = os.umask(0o077)
        try:
            self.assertEqual(self.build("b").read_bytes(), first)
        finally:
            os.umask(before)

    def test_fields_and_modes(self) -> None:
        with mock.patch.dict(os.environ, DEBFULLNAME="Somebody", DEBEMAIL="somebody@debian.org"):
            package = self.build("a")
        self.assertRegex(package.name, r"^iopaint_1\.2\.3-1_(amd64|arm64)\.deb$")
        self.assertEqual(self.field(package, "Maintainer"), "Somebody <somebody@debian.org>")
        self.assertRegex(self.field(package, "Depends"), r"^libc6 \(>= [\d.]+\), systemd \|")
        check_deb.check_contents(package)
        dist.write_sum(package)
        check_deb.check_sum(package)

    def test_settings_are_a_conffile(self) -> None:
        tree = self.folder / "tree"
        subprocess.run(["dpkg-deb", "--raw-extract", str(self.build("a")), str(tree)], check=True)
        self.assertEqual((tree / "DEBIAN/conffiles").read_text(), "/etc/default/iopaint\n")
        sums = (tree / "DEBIAN/md5sums").read_text()
        self.assertIn("  usr/lib/iopaint/bin/iopaint\n", sums)
        self.assertNotIn("etc/default", sums)
        subprocess.run(["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=tree, check=True)

    def test_foreign_owner_or_mode_is_refused(self) -> None:
        package, tree = self.build("a"), self.folder / "tree"
        subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
        (tree / "usr/bin").chmod(0o775)
        subprocess.run(
            ["dpkg-deb", "--root-owner-group", "--build", str(tree), str(package)], check=True, capture_output=True
        )
        with self.assertRaisesRegex(check_deb.Fault, "./usr/bin/ has drwxrwxr-x"):
            check_deb.check_contents(package)


class Defaults(unittest.TestCase):
    """The settings file."""

    def test_every_setting_is_a_flag(self) -> None:
        sources = deb.ROOT / "server" / "app" / "src" / "cli"
        flags = "".join(path.read_text(encoding="utf-8") for path in sources.glob("*.rs"))
        names = [
            line[1:].partition("=")[0]
            for line in (deb.SOURCES / "iopaint.default").read_text(encoding="utf-8").splitlines()
            if line.startswith("#IOPAINT_")
        ]
        self.assertGreater(len(names), 5)
        self.assertEqual([name for name in names if f'env = "{name}"' not in flags], [])


if __name__ == "__main__":
    unittest.main()
