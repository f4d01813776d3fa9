"""Tests of the selection of libraries by `stage_runtime`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import stage_runtime  # noqa: E402


class Closure(unittest.TestCase):
    """The choice of libraries."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def closure(self, present: list[str], names: dict[str, list[str]]) -> list[str]:
        for name in present:
            (self.folder / name).touch()
        return stage_runtime.closure(Path("iopaint"), self.folder, lambda file: names.get(file.name, []))

    def test_what_a_taken_library_names_is_taken_too(self) -> None:
        names = {"iopaint": ["libtorch_cpu.so", "libc.so.6"], "libtorch_cpu.so": ["libc10.so"]}
        present = ["libtorch_cpu.so", "libc10.so", "libtorch.so", "build-version"]
        self.assertEqual(self.closure(present, names), ["libc10.so", "libtorch_cpu.so"])

    def test_libraries_that_name_each_other_are_taken_once(self) -> None:
        names = {"iopaint": ["liba.so"], "liba.so": ["libb.so"], "libb.so": ["liba.so"]}
        self.assertEqual(self.closure(["liba.so", "libb.so"], names), ["liba.so", "libb.so"])

    def test_a_cuda_build_is_taken_whole(self) -> None:
        present = ["libtorch_cuda.so", "libcudnn_ops.so.9", "libc10.so", "notes.txt"]
        self.assertEqual(self.closure(present, {}), ["libc10.so", "libcudnn_ops.so.9", "libtorch_cuda.so"])


class Stage(unittest.TestCase):
    """The copies."""

    def test_a_program_that_loads_nothing_of_libtorch_is_refused(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "libtorch_cpu.so").touch()
        with self.assertRaises(stage_runtime.StageError):
            stage_runtime.stage(Path(sys.executable).resolve(), folder, folder / "target")

    def test_the_program_runs_from_where_it_was_moved(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "lib.c").write_text("int answer(void) { return 42; }\n")
        (folder / "main.c").write_text("int answer(void);\nint main(void) { return answer(); }\n")
        libraries = folder / "libraries"
        libraries.mkdir()
        for command in (
            ["cc", "-shared", "-o", "libraries/libanswer.so", "lib.c"],
            ["cc", "-o", "program", "main.c", "-Llibraries", "-lanswer", "-Wl,-rpath,$ORIGIN/../lib"],
        ):
            subprocess.run(command, cwd=folder, check=True)
        stage_runtime.stage(folder / "program", libraries, folder / "staged")
        (folder / "staged").rename(folder / "moved")
        (libraries / "libanswer.so").unlink()
        done = subprocess.run([folder / "moved" / "bin" / "program"], check=False)
        self.assertEqual(done.returncode, 42)


class Libraries(unittest.TestCase):
    """The libraries without a program."""

    def test_libtorch_and_what_it_loads_become_links_to_the_same_files(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        libraries, target = folder / "libraries", folder / "target"
        libraries.mkdir()
        (folder / "lib.c").write_text("int answer(void) { return 42; }\n")
        for command in (
            ["cc", "-shared", "-o", "libraries/libc10.so", "lib.c"],
            ["cc", "-shared", "-o", "libraries/libunneeded.so", "lib.c"],
            ["cc", "-shared", "-o", "libraries/libtorch_cpu.so", "-Wl,--no-as-needed", "-Llibraries", "-lc10"],
        ):
            subprocess.run(command, cwd=folder, check=True)
        self.assertEqual(stage_runtime.link_libraries(libraries, target), ["libc10.so", "libtorch_cpu.so"])
        self.assertEqual(sorted(path.name for path in target.iterdir()), ["libc10.so", "libtorch_cpu.so"])
        self.assertTrue((target / "libc10.so").samefile(libraries / "libc10.so"))


if __name__ == "__main__":
    unittest.main()
