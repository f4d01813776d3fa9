#!/usr/bin/env python3
"""Runs all tests and counts them.

All suites run, even after a failure; the last line is the sum. A suite whose requirements can't be installed counts as
skipped, with the reason. One call of cargo compiles and runs all crates' tests, with the dependencies of `make build`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = ROOT / "target" / "release" / "iopaint"
# Readable output, and a JSON report for `reported`.
VITEST_REPORT = ["--reporter=default", "--reporter=json", "--outputFile.json=REPORT"]


@dataclass
class Counts:
    """Numbers of passed, failed and skipped tests."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def cargo_counts(output: str, exit_code: int) -> Counts:
    """Returns the sum of cargo's `test result:` lines; a failed exit without a failed test counts as one."""
    counts = Counts()
    for passed, failed, ignored in re.findall(
        r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored", output, re.MULTILINE
    ):
        counts += Counts(int(passed), int(failed), int(ignored))
    return at_least_one_failure(counts, exit_code)


def unittest_counts(output: str, exit_code: int) -> Counts:
    """Returns the counts of Python's unittest runner."""
    ran = re.search(r"^Ran (\d+) tests?", output, re.MULTILINE)
    kinds = {kind: int(count) for kind, count in re.findall(r"(failures|errors|skipped)=(\d+)", output)}
    failed, skipped = kinds.get("failures", 0) + kinds.get("errors", 0), kinds.get("skipped", 0)
    total = int(ran.group(1)) if ran else 0
    return at_least_one_failure(Counts(max(total - failed - skipped, 0), failed, skipped), exit_code)


def vitest_counts(report: dict) -> Counts:
    """Returns the counts of vitest's JSON report."""
    return Counts(report["numPassedTests"], report["numFailedTests"], report["numPendingTests"])


def playwright_counts(report: dict) -> Counts:
    """Returns the counts of Playwright's JSON report; a flaky test counts as failed."""
    stats = report["stats"]
    return Counts(stats["expected"], stats["unexpected"] + stats["flaky"], stats["skipped"])


def at_least_one_failure(counts: Counts, exit_code: int) -> Counts:
    """Adds a failure to a suite that exits with an error without a failed test."""
    if exit_code != 0 and counts.failed == 0:
        return counts + Counts(failed=1)
    return counts


def run(command: list[str], folder: Path = ROOT, env: dict[str, str] | None = None) -> tuple[str, int]:
    """Runs a command and streams its output; returns output and exit code."""
    print(f"\n$ {' '.join(command)}", flush=True)
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(env or {})},
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(line)
    return "".join(lines), process.wait()


def cargo() -> Counts:
    """Runs `cargo test` for the workspace."""
    return cargo_counts(*run(["cargo", "test", "--release", "--locked", "--no-fail-fast", "--workspace"]))


def reported(command: list[str], env: dict[str, str], counts) -> Counts:
    """Runs a suite of the page that writes a JSON report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [part.replace("REPORT", str(report)) for part in command]
        env = {name: value.replace("REPORT", str(report)) for name, value in env.items()}
        _, exit_code = run(command, ROOT / "web_app", env)
        if not report.exists():
            return Counts(failed=1)
        return at_least_one_failure(counts(json.loads(report.read_text())), exit_code)


def script_counts(output: str, exit_code: int) -> Counts:
    """Returns the counts in the last line of a script's output."""
    ran = re.search(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", output, re.MULTILINE)
    counts = Counts(*(int(count or 0) for count in ran.groups())) if ran else Counts()
    return at_least_one_failure(counts, exit_code)


def script(name: str, *arguments: str) -> Counts:
    """Runs a script of this folder that prints counts."""
    return script_counts(*run([sys.executable, f"scripts/{name}", *arguments]))


def chromium() -> str | None:
    """Returns a Chromium: configured, installed, or installed now."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    print("\nNo browser here; trying to install one.", flush=True)
    _, exit_code = run(["npx", "playwright", "install", "chromium"], ROOT / "web_app")
    if exit_code == 0:
        return ""
    install_package("chromium")
    return shutil.which("chromium")


def firefox() -> str | None:
    """Returns a Firefox: configured, installed, or Debian's package installed now."""
    named = os.environ.get("FIREFOX")
    if named:
        return named
    for name in ("firefox-esr", "firefox"):
        if (path := shutil.which(name)) and not is_snap(path):
            return path
    print("\nNo Firefox here; trying to install one.", flush=True)
    install_package("firefox-esr")
    return shutil.which("firefox-esr")


def is_snap(program: str) -> bool:
    """Returns true for a snap or a script that starts one: snaps can't read profiles in /tmp."""
    return "/snap/" in os.path.realpath(program) or b"/snap/" in Path(program).read_bytes()[:4096]


def install_package(name: str) -> None:
    """Installs a Debian package if this runs as root on Debian; otherwise does nothing."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "--quiet"])
        run(["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", name])


def browser_tests() -> Counts:
    """Tests the page in Chromium against the release binary."""
    browser = chromium()
    if browser is None:
        print("skipped: the page's tests in a browser, because no Chromium could be installed")
        return Counts(skipped=1)
    env = {"IOPAINT_BIN": str(BINARY), "PLAYWRIGHT_JSON_OUTPUT_FILE": "REPORT"}
    if browser:
        env["CHROMIUM"] = browser
    return reported(["npx", "playwright", "test", "--reporter=list,json"], env, playwright_counts)


def firefox_tests() -> Counts:
    """Tests the page's main path in Firefox against the release binary."""
    browser = firefox()
    if browser is None:
        print("skipped: the page's tests in Firefox, because it isn't installed (FIREFOX names its program)")
        return Counts(skipped=1)
    return reported(
        ["npx", "vitest", "run", "--config", "e2e/firefox/vitest.config.ts", *VITEST_REPORT],
        {"IOPAINT_BIN": str(BINARY), "FIREFOX": browser},
        vitest_counts,
    )


def with_pytorch(folder: str) -> Counts:
    """Runs the tests of a folder with a Python that has PyTorch: that of `make train`, or the current one."""
    own = ROOT / "build" / "train" / "venv"
    python = str(own / "bin" / "python") if (own / "ready").exists() else sys.executable
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode != 0:
        print(f"skipped: {folder}, because PyTorch isn't installed (`make train` installs it)")
        return Counts(skipped=1)
    command = [python, "-m", "unittest", "discover", "-s", folder]
    # Small networks are slower on many threads.
    return unittest_counts(*run(command, env={"OMP_NUM_THREADS": "1"}))


def main() -> int:
    """Runs all suites; returns 0 if nothing failed."""
    suites: list[tuple[str, Counts]] = []

    def suite(name: str, counts: Counts) -> None:
        print(f"\n{name}: {counts}", flush=True)
        suites.append((name, counts))

    suite("scripts", unittest_counts(*run([sys.executable, "-m", "unittest", "discover", "-s", "scripts/tests"])))
    suite("export", unittest_counts(*run([sys.executable, "-m", "unittest", "discover", "-s", "models/export/tests"])))
    suite("training", with_pytorch("models/train/tests"))
    suite("evaluation", with_pytorch("models/eval/tests"))
    _, exit_code = run([sys.executable, "scripts/check_architecture.py"])
    suite("dependencies between crates", Counts(passed=1) if exit_code == 0 else Counts(failed=1))
    _, exit_code = run(["make", "--no-print-directory", "build"])
    if exit_code != 0:
        suite("build", Counts(failed=1))
    else:
        suite("page", reported(["npx", "vitest", "run", *VITEST_REPORT], {}, vitest_counts))
        suite("crates", cargo())
        suite("instructions of the pure paths", script("check_instructions.py"))
        suite("examples of docs/api.md", script("run_api_examples.py", "--binary", str(BINARY)))
        suite("page in Chromium", browser_tests())
        suite("page in Firefox", firefox_tests())

    print("\n== Tests")
    for name, counts in suites:
        print(f"{name}: {counts}")
    total = sum((counts for _, counts in suites), Counts())
    print(total)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
