"""libtorch is installed whole or not at all."""

import contextlib
import io
import os
import platform
import shutil
import sys
import tempfile
import unittest
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import fetch
import setup_libtorch as setup
from file_server import serving


class Scratch(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        silence = mock.patch.object(setup, "say", lambda sentence: None)
        silence.start()
        self.addCleanup(silence.stop)


def archive() -> bytes:
    """Returns a small archive in the layout of PyTorch's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name in setup.library_names():
            zipped.writestr(f"libtorch/lib/{name}", "library")
        zipped.writestr("libtorch/lib/", "")
        zipped.writestr("libtorch/lib/libtorch_python.so", "python")
        zipped.writestr("libtorch/share/cmake/Torch.cmake", "cmake")
        zipped.writestr("libtorch/include/torch/csrc/api/include/torch/torch.h", "header")
        zipped.writestr("libtorch/build-version", "2.7.0+cpu")
    return buffer.getvalue()


class Cache(Scratch):
    def install(self, content: bytes) -> Path:
        target = self.folder / "2.7.0-cpu"
        with serving(content) as server:
            base = server.url().removesuffix("/file.bin")
            setup.install_archive("cpu", "x86_64", target, self.folder / "downloads", base)
        return target

    def test_archive_is_unpacked_without_unneeded_files(self) -> None:
        target = self.install(archive())
        self.assertIsNone(setup.missing_from(target))
        self.assertFalse((target / "share").exists())
        self.assertFalse((target / "lib/libtorch_python.so").exists())
        self.assertEqual(os.listdir(self.folder / "downloads"), [])

    def test_a_damaged_archive_leaves_nothing_behind(self) -> None:
        with self.assertRaises(zipfile.BadZipFile):
            self.install(archive()[:-40])
        self.assertEqual(os.listdir(self.folder), ["downloads"])

    def test_incomplete_folder_is_removed(self) -> None:
        target = self.folder / "2.7.0-cpu"
        with self.assertRaisesRegex(setup.SetupError, "has no lib"), setup.complete_or_nothing(target) as folder:
            (folder / "include").mkdir()
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_partial_cache_is_replaced_whole(self) -> None:
        (self.folder / "2.7.0-cpu/lib").mkdir(parents=True)
        (self.folder / "2.7.0-cpu/lib/stray").touch()
        target = self.install(archive())
        self.assertIsNone(setup.missing_from(target))
        self.assertFalse((target / "lib/stray").exists())

    def test_other_version_is_rejected(self) -> None:
        target = self.install(archive())
        (target / "build-version").write_text("2.6.0+cpu")
        self.assertEqual(setup.missing_from(target), "holds 2.6.0+cpu, not 2.7.0")

    def test_a_complete_cache_is_used_as_it_is(self) -> None:
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.folder)}):
            os.environ.pop("LIBTORCH", None)
            root = setup.cache_root()
            shutil.copytree(self.install(archive()), root / "2.7.0-cpu")
            with mock.patch.object(setup, "install") as install:
                self.assertEqual(setup.ensure("cpu", platform.machine()), root / "2.7.0-cpu")
                install.assert_not_called()

    def test_another_processors_libtorch_has_a_folder_of_its_own(self) -> None:
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(self.folder)}):
            os.environ.pop("LIBTORCH", None)
            with mock.patch.object(setup, "install") as install:
                folder = setup.ensure("cpu", "riscv64")
        self.assertEqual(folder.name, "2.7.0-cpu-riscv64")
        self.assertEqual(install.call_args.args[:2], ("cpu", "riscv64"))

    def test_libtorch_from_the_environment_is_checked(self) -> None:
        with mock.patch.dict(os.environ, {"LIBTORCH": str(self.folder)}):
            with self.assertRaisesRegex(setup.SetupError, "LIBTORCH is"):
                setup.ensure("cpu", platform.machine())
        target = self.install(archive())
        with mock.patch.dict(os.environ, {"LIBTORCH": str(target)}):
            self.assertEqual(setup.ensure("cpu", platform.machine()), target.resolve())

    def test_entries_outside_the_folder_are_rejected(self) -> None:
        file = self.folder / "evil.zip"
        with zipfile.ZipFile(file, "w") as zipped:
            zipped.writestr("a", "")
        for path in ("../evil", "/evil"):
            with self.subTest(path), self.assertRaises(setup.SetupError):
                setup.extract(file, self.folder / "out", lambda name, path=path: PurePosixPath(path))


class WheelEntries(unittest.TestCase):
    def test_only_the_cpus_libraries_headers_and_licences_are_kept(self) -> None:
        kept = {
            "torch/lib/libtorch_cpu.so": "lib/libtorch_cpu.so",
            "torch/lib/libgomp-c9fef706.so.1": "lib/libgomp-c9fef706.so.1",
            "torch.libs/libgfortran-0b50f350.so.5.0.0": "lib/libgfortran-0b50f350.so.5.0.0",
            "torch/include/ATen/ATen.h": "include/ATen/ATen.h",
            "torch-2.7.0.dist-info/LICENSE": "LICENSE",
        }
        for name, place in kept.items():
            self.assertEqual(setup.place_wheel_entry(name, "x86_64", "cpu"), PurePosixPath(place))
        for name in (
            "torch/lib/libtorch_cuda.so",
            "torch/lib/libtorch_python.so",
            "torch/__init__.py",
            "torch/bin/protoc",
        ):
            self.assertIsNone(setup.place_wheel_entry(name, "x86_64", "cpu"))

    def test_a_build_for_cuda_keeps_cudas_libraries_of_the_wheel(self) -> None:
        for name in ("libtorch.so", "libtorch_cuda.so", "libc10_cuda.so", "libcaffe2_nvrtc.so", "libtorch_cpu.so"):
            place = setup.place_wheel_entry(f"torch/lib/{name}", "x86_64", "cu126")
            self.assertEqual(place, PurePosixPath("lib", name))
        for name in ("libtorch_python.so", "libshm.so", "libtorch_global_deps.so"):
            self.assertIsNone(setup.place_wheel_entry(f"torch/lib/{name}", "x86_64", "cu126"))

    def test_of_cudas_wheels_only_the_headers_are_kept(self) -> None:
        kept = {
            "nvidia/cuda_runtime/include/cuda_runtime_api.h": "include/cuda/cuda_runtime_api.h",
            "nvidia/cuda_nvcc/include/crt/host_defines.h": "include/cuda/crt/host_defines.h",
        }
        for name, place in kept.items():
            self.assertEqual(setup.place_cuda_header(name), PurePosixPath(place))
        for name in ("nvidia/cuda_nvcc/bin/ptxas", "nvidia/cuda_runtime/include/__init__.py", "nvidia/__init__.py"):
            self.assertIsNone(setup.place_cuda_header(name))

    def test_every_build_for_cuda_has_headers(self) -> None:
        self.assertEqual(set(setup.CUDA_HEADERS), set(setup.VARIANTS) - {"cpu"})

    def test_wheel_for_another_processor_is_requested_by_platform(self) -> None:
        own = setup.fetch.resolve_arguments(["torch==2.7.0"], "nowhere", None)
        other = setup.fetch.resolve_arguments(["torch==2.7.0"], "nowhere", "aarch64")
        self.assertEqual(other, [*own, "--platform=manylinux_2_28_aarch64", "--platform=manylinux2014_aarch64"])
        # Only the wheel for x86-64 names CUDA in its libtorch.so.
        self.assertIsNone(setup.place_wheel_entry("torch/lib/libtorch.so", "x86_64", "cpu"))
        self.assertIsNotNone(setup.place_wheel_entry("torch/lib/libtorch.so", "aarch64", "cpu"))


def wheel_entry(pattern: str) -> str:
    """Returns a file name that matches a pattern of `CUDA_WHEELS`."""
    return f"nvidia/any/lib/{pattern.replace('*', '6')}"


@unittest.skipUnless(sys.platform == "linux", "only Linux has CUDA's wheels")
class WheelsForCuda(Scratch):
    def setUp(self) -> None:
        super().setUp()
        self.missing = ""
        for name, replacement in {"find_and_download": self.wheels, "install_archive": self.unreachable}.items():
            patch = mock.patch.object(setup, name, replacement)
            patch.start()
            self.addCleanup(patch.stop)

    def unreachable(self, *arguments: object) -> None:
        raise fetch.Unreachable("the server can't be reached")

    def wheels(self, requirements: Sequence[str], machine: str, downloads: Path) -> list[Path]:
        return [self.wheel(requirement, downloads) for requirement in requirements]

    def wheel(self, requirement: str, downloads: Path) -> Path:
        """Writes a wheel with the real one's file names."""
        downloads.mkdir(exist_ok=True)
        file = downloads / f"{requirement}.whl"
        with zipfile.ZipFile(file, "w") as zipped:
            if requirement.startswith("torch=="):
                for name in (*setup.library_names(), "libtorch_cuda.so", "libtorch_python.so"):
                    zipped.writestr(f"torch/lib/{name}", "library")
                zipped.writestr("torch/include/torch/csrc/api/include/torch/torch.h", "header")
            for pattern in setup.CUDA_WHEELS["cu126"].get(requirement, ()):
                if pattern != self.missing:
                    zipped.writestr(wheel_entry(pattern), "library")
            zipped.writestr("nvidia/any/lib/libunneeded.so.12", "library")
            zipped.writestr("nvidia/any/include/any.h", "header")
        return file

    def install(self, variant: str) -> Path:
        target = self.folder / f"2.7.0-{variant}"
        setup.install(variant, "x86_64", target, self.folder / "downloads")
        return target

    def test_cu126_comes_from_the_package_index(self) -> None:
        target = self.install("cu126")
        patterns = [pattern for patterns in setup.CUDA_WHEELS["cu126"].values() for pattern in patterns]
        expected = {Path(wheel_entry(pattern)).name for pattern in patterns}
        expected |= {*setup.library_names(), "libtorch_cuda.so"}
        self.assertEqual(set(os.listdir(target / "lib")), expected)
        self.assertEqual((target / "build-version").read_text(), "2.7.0+cu126\n")
        self.assertTrue((target / "include/cuda/any.h").exists())
        self.assertEqual(os.listdir(self.folder / "downloads"), [])

    def test_a_wheel_without_its_library_is_refused(self) -> None:
        self.missing = "libcublasLt.so.12"
        with self.assertRaisesRegex(setup.SetupError, "cublas.*lacks"):
            self.install("cu126")
        self.assertFalse((self.folder / "2.7.0-cu126").exists())

    def test_other_cuda_versions_come_from_pytorchs_server_only(self) -> None:
        with self.assertRaisesRegex(setup.SetupError, "cu118 comes from PyTorch's own server only"):
            self.install("cu118")


class CargoConfig(unittest.TestCase):
    def test_only_libtorch_changes(self) -> None:
        line = 'LIBTORCH = "/new"'
        before = '[net]\noffline = true\n\n[env]\nLIBTORCH = "/old"\nOTHER = "1"\n'
        self.assertEqual(setup.with_libtorch("", Path("/new")), f"[env]\n{line}\n")
        self.assertEqual(setup.with_libtorch(before, Path("/new")), before.replace('LIBTORCH = "/old"', line))
        self.assertEqual(setup.with_libtorch("[env]\nA = '1'\n", Path("/new")), f"[env]\n{line}\nA = '1'\n")
        self.assertEqual(setup.with_libtorch("[net]\n", Path("/new")), f"[net]\n\n[env]\n{line}\n")

    def test_the_same_path_again_leaves_the_file_alone(self) -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            path = Path(folder) / ".cargo/config.toml"
            setup.write_cargo_config(path, Path("/libtorch"))
            before = path.stat().st_mtime_ns
            setup.write_cargo_config(path, Path("/libtorch"))
            self.assertEqual(path.stat().st_mtime_ns, before)


if __name__ == "__main__":
    unittest.main()
