"""Tests of the release archive and its check."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import check_dist  # noqa: E402
import dist  # noqa: E402
import licences  # noqa: E402


class Folder(unittest.TestCase):
    """A test with a folder of its own."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def write(self, name: str, text: str = "text") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


class Archive(Folder):
    """The name and the tar file."""

    def test_a_build_for_cuda_says_so_in_its_name(self) -> None:
        self.write("cpu/build-version", "2.7.0+cpu\n")
        self.write("cuda/build-version", "2.7.0+cu118\n")
        self.assertEqual(dist.cuda_variant(self.folder / "cpu"), "")
        self.assertEqual(dist.cuda_variant(self.folder / "cuda"), "cu118")
        self.assertRegex(dist.name_of("1.2.3", ""), r"^iopaint-1\.2\.3-\w+-\w+$")
        self.assertRegex(dist.name_of("1.2.3", "cu118"), r"^iopaint-1\.2\.3-\w+-\w+-cu118$")

    def test_the_same_files_give_the_same_bytes_whenever_they_were_made(self) -> None:
        def packed() -> bytes:
            stream = io.BytesIO()
            dist.write_tar(self.folder / "release", stream, 1_700_000_000)
            return stream.getvalue()

        self.write("release/bin/iopaint").chmod(0o700)
        notice = self.write("release/NOTICE")
        first = packed()
        os.utime(notice, (1, 1))
        self.assertEqual(packed(), first)
        with tarfile.open(fileobj=io.BytesIO(first)) as tar:
            modes = {entry.name: entry.mode for entry in tar}
        expected = {"release": 0o755, "release/NOTICE": 0o644, "release/bin": 0o755, "release/bin/iopaint": 0o755}
        self.assertEqual(modes, expected)


class Check(Folder):
    """Faults that the check must find."""

    def test_an_archive_that_was_changed_is_refused(self) -> None:
        archive = self.write("a.tar.zst")
        dist.write_sum(archive)
        self.assertEqual(
            (self.folder / "a.tar.zst.sha256").read_text(), f"{hashlib.sha256(b'text').hexdigest()}  a.tar.zst\n"
        )
        check_dist.check_sum(archive)
        archive.write_text("other text")
        with self.assertRaises(check_dist.Fault):
            check_dist.check_sum(archive)

    def test_a_file_that_is_missing_or_empty_is_named(self) -> None:
        for name in check_dist.EXPECTED:
            self.write(name)
        check_dist.check_files(self.folder)
        self.write("NOTICE", "")
        with self.assertRaisesRegex(check_dist.Fault, "NOTICE"):
            check_dist.check_files(self.folder)

    @unittest.skipUnless(sys.platform == "linux", "needs ldd")
    def test_a_library_that_nothing_loads_is_named(self) -> None:
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "iopaint").symlink_to("/bin/sh")
        self.write("lib/libleftover.so")
        with self.assertRaisesRegex(check_dist.Fault, "libleftover"):
            check_dist.check_libraries(self.folder)

    @unittest.skipUnless(sys.platform == "linux", "needs readelf")
    def test_a_binary_that_looks_for_libraries_elsewhere_is_refused(self) -> None:
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "iopaint").symlink_to("/bin/sh")
        with self.assertRaisesRegex(check_dist.Fault, "looks for libraries in"):
            check_dist.check_search_path(self.folder)


class Licences(Folder):
    """The list of third parties."""

    def test_a_text_that_several_carry_comes_once(self) -> None:
        for name, text in (("a", "Mine."), ("b", "Mine.  \n"), ("c", "Yours.")):
            self.write(f"{name}/LICENSE-MIT", text)
            self.write(f"{name}/README.md", "not a licence")
        document = licences.document([(f"{name} 1.0", "MIT", self.folder / name) for name in "abc"])
        self.assertEqual(document.count("Mine."), 1)
        self.assertIn("a 1.0, b 1.0\n", document)
        self.assertIn("c 1.0: MIT\n", document)
        self.assertNotIn("not a licence", document)

    def test_crates_for_tests_and_builds_are_left_out(self) -> None:
        def package(name: str, source: str | None = "registry") -> dict:
            manifest = str(self.folder / name / "Cargo.toml")
            return {
                "id": name, "name": name, "version": "1.0", "license": "MIT", "source": source, "manifest_path": manifest
            }  # fmt: skip

        def dep(name: str, kind: str | None = None) -> dict:
            return {"pkg": name, "dep_kinds": [{"kind": kind}]}

        metadata = {
            "packages": [package("iopaint", None), package("used"), package("deep"), package("dev"), package("build")],
            "resolve": {
                "nodes": [
                    {"id": "iopaint", "deps": [dep("used"), dep("dev", "dev"), dep("build", "build")]},
                    {"id": "used", "deps": [dep("deep")]},
                    *({"id": name, "deps": []} for name in ("deep", "dev", "build")),
                ]
            },
        }
        self.assertEqual([label for label, *_ in licences.crates(metadata, "iopaint")], ["deep 1.0", "used 1.0"])

    def test_versions_of_one_crate_are_in_order(self) -> None:
        versions = [f"{number}.0" for number in range(1, 9)]
        packages = [{"id": "root", "name": "root", "version": "1.0", "source": None}]
        for version in versions:
            manifest = str(self.folder / "Cargo.toml")
            fields = {"id": f"same {version}", "name": "same", "version": version}
            packages.append({**fields, "license": "MIT", "source": "registry", "manifest_path": manifest})
        deps = [{"pkg": f"same {version}", "dep_kinds": [{"kind": None}]} for version in versions]
        nodes = [{"id": "root", "deps": deps}, *({"id": dep["pkg"], "deps": []} for dep in deps)]
        found = licences.crates({"packages": packages, "resolve": {"nodes": nodes}}, "root")
        self.assertEqual([label for label, *_ in found], [f"same {version}" for version in versions])


if __name__ == "__main__":
    unittest.main()
