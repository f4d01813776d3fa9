"""Counts of instructions are read, compared, and can fail."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import check_instructions as check

RUSTC = """rustc 1.95.0 (59807616e 2026-04-14)
binary: rustc
commit-date: 2026-04-14
host: x86_64-unknown-linux-gnu
release: 1.95.0
LLVM version: 22.1.2
"""
WITH_AVX2 = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 bmi2\n"
WITHOUT_AVX2 = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2_not\n"


class Comparing(unittest.TestCase):
    def test_more_instructions_than_the_tolerance_are_a_fault(self) -> None:
        verdict = check.compare({"a": 1000, "b": 1000}, {"a": 1051, "b": 1049})
        self.assertEqual(verdict.passed, 1)
        self.assertEqual(verdict.faults, ["a takes 1,051 instructions, 1,000 are stored (+5.1%)."])
        self.assertEqual(verdict.hints, [])

    def test_fewer_instructions_than_the_tolerance_pass_and_ask_to_be_stored(self) -> None:
        verdict = check.compare({"a": 1000, "b": 1000}, {"a": 949, "b": 951})
        self.assertEqual((verdict.passed, verdict.faults), (2, []))
        self.assertEqual(verdict.hints, ["a takes 949 instructions, 1,000 are stored (-5.1%)."])

    def test_a_path_that_is_only_counted_or_only_stored_is_a_fault(self) -> None:
        verdict = check.compare({"old": 1000}, {"new": 1000})
        self.assertEqual((verdict.passed, len(verdict.faults)), (0, 2))

    def test_what_is_stored_is_of_one_compiler_and_of_known_paths(self) -> None:
        stored = json.loads(check.STORED.read_text())
        self.assertRegex(stored["compiler"], r"^rustc \d+\.\d+\.\d+ for x86_64-unknown-linux-gnu$")
        source = (check.ROOT / "benches" / "instructions.rs").read_text()
        for path in stored["instructions"]:
            self.assertIn(f'"{path}"', source)


class Reading(unittest.TestCase):
    def test_callgrinds_total_is_found_below_what_the_program_says(self) -> None:
        output = "hello\n==7== Events    : Ir\n==7== Collected : 6652073\n==7==\n"
        self.assertEqual(check.collected(output), 6652073)

    def test_a_path_that_was_never_entered_is_an_error(self) -> None:
        for output in ("==7== Collected : 0\n", "valgrind: failed to start\n"):
            with self.assertRaises(RuntimeError):
                check.collected(output)

    def test_a_program_that_fails_is_an_error(self) -> None:
        with self.assertRaises(RuntimeError):
            check.count("/bin/false", "program", "path")

    def test_the_compiler_is_its_release_and_target(self) -> None:
        self.assertEqual(check.compiler(RUSTC), "rustc 1.95.0 for x86_64-unknown-linux-gnu")

    def test_the_program_is_the_one_that_cargo_named(self) -> None:
        messages = ['{"reason": "compiler-artifact", "executable": null}', '{"executable": "/a"}', '{"success": true}']
        self.assertEqual(check.executable(messages), "/a")


class Skipping(unittest.TestCase):
    def test_only_processors_with_the_stored_instructions_are_compared(self) -> None:
        check.require_processor("x86_64", WITH_AVX2)
        for machine, cpuinfo in (("x86_64", WITHOUT_AVX2), ("aarch64", WITH_AVX2), ("arm64", "")):
            with self.assertRaises(check.Skipped):
                check.require_processor(machine, cpuinfo)

    def test_flags_of_ones_own_are_not_compared(self) -> None:
        check.require_own_flags({"RUSTFLAGS": ""})
        with self.assertRaises(check.Skipped):
            check.require_own_flags({"RUSTFLAGS": "-Ctarget-cpu=native"})

    def test_without_valgrind_and_the_right_to_install_it_nothing_is_compared(self) -> None:
        with (
            mock.patch.object(check.shutil, "which", return_value=None),
            mock.patch.object(check.os, "geteuid", return_value=1000),
            self.assertRaises(check.Skipped),
        ):
            check.valgrind()

    def test_root_on_debian_gets_valgrind_by_itself(self) -> None:
        installed: list[list[str]] = []

        def which(name: str) -> str | None:
            return None if name == "valgrind" and len(installed) < 2 else f"/usr/bin/{name}"

        with (
            mock.patch.object(check.shutil, "which", which),
            mock.patch.object(check.os, "geteuid", return_value=0),
            mock.patch.object(check.subprocess, "run", lambda command, **_: installed.append(command)),
        ):
            self.assertEqual(check.valgrind(), "/usr/bin/valgrind")
        self.assertEqual([command[:2] for command in installed], [["apt-get", "update"], ["apt-get", "install"]])

    def test_a_machine_that_is_skipped_says_so_and_has_not_failed(self) -> None:
        run = subprocess.run(
            [sys.executable, check.__file__],
            env={**os.environ, "RUSTFLAGS": "-Ctarget-cpu=native"},
            text=True,
            capture_output=True,
        )
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("skipped: the pure paths' instructions, because", run.stdout)
        self.assertEqual(run.stdout.splitlines()[-1], "0 passed, 0 failed, 1 skipped")


if __name__ == "__main__":
    unittest.main()
